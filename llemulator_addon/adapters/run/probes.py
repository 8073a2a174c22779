"""How each runtime is asked whether it comes here: a few lines in its own language, with its own HTTP client."""

from collections.abc import Sequence
from dataclasses import dataclass

from llemulator_addon.adapters.run.runtimes import Runtime

HOST = "api.openai.com"
_URL = f"https://{HOST}/v1/models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The program that sends the request; it returns success only if it got an answer."""

    runtime: Runtime
    programs: tuple[str, ...]
    """Names under which it is looked for; the first that is there is taken."""
    arguments: Sequence[str]
    """`{source}` in them stands for the file of the source."""
    version: Sequence[str] = ("--version",)
    source: str = ""
    ending: str = ""
    cannot_ask: str = ""
    """Its output if it lacks something that it needs for the request."""


_PYTHON = f"""
import os, urllib.request
key = {{"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]}}
urllib.request.urlopen(urllib.request.Request("{_URL}", headers=key), timeout=30).read()
"""

_NODE = f"""
const headers = {{ Authorization: "Bearer " + process.env.OPENAI_API_KEY }}
require("https").get("{_URL}", {{ headers }}, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1))
"""

_FETCH = f"""
const headers = {{ Authorization: "Bearer any" }}
const answer = await fetch("{_URL}", {{ headers }})
if (!answer.ok) throw new Error(`status ${{answer.status}}`)
"""

_JAVA = f"""
import java.net.URI;
import java.net.http.*;

class Ask {{
  public static void main(String[] arguments) throws Exception {{
    HttpRequest request = HttpRequest.newBuilder(URI.create("{_URL}")).header("Authorization", "Bearer any").build();
    int status = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
    System.exit(status == 200 ? 0 : 1);
  }}
}}
"""

_GO = f"""
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {{
	request, _ := http.NewRequest("GET", "{_URL}", nil)
	request.Header.Set("Authorization", "Bearer any")
	if _, err := http.DefaultClient.Do(request); err != nil {{
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}}
}}
"""

_RUBY = f"""
require "net/http"
exit Net::HTTP.get_response(URI("{_URL}"), "Authorization" => "Bearer any").is_a?(Net::HTTPSuccess)
"""

_PHP = f"""<?php
if (!function_exists("curl_init")) {{ fwrite(STDERR, "its curl extension is missing\\n"); exit(1); }}
$curl = curl_init("{_URL}");
curl_setopt_array($curl, [CURLOPT_RETURNTRANSFER => true, CURLOPT_HTTPHEADER => ["Authorization: Bearer any"]]);
if (curl_exec($curl) === false) {{ fwrite(STDERR, curl_error($curl) . "\\n"); exit(1); }}
"""

_SOURCE = ("{source}",)

PROBES = (
    Probe(runtime="python", programs=("python3", "python"), arguments=_SOURCE, source=_PYTHON, ending=".py"),
    Probe(runtime="node", programs=("node", "nodejs"), arguments=_SOURCE, source=_NODE, ending=".cjs"),
    Probe(runtime="bun", programs=("bun",), arguments=_SOURCE, source=_FETCH, ending=".mjs"),
    Probe(runtime="deno", programs=("deno",), arguments=("run", "--allow-all", *_SOURCE), source=_FETCH, ending=".mjs"),
    Probe(
        runtime="java",
        programs=("java",),
        arguments=_SOURCE,
        version=("-version",),
        source=_JAVA,
        ending=".java",
        cannot_ask="jdk.compiler",
    ),
    Probe(runtime="go", programs=("go",), arguments=("run", *_SOURCE), version=("version",), source=_GO, ending=".go"),
    Probe(runtime="ruby", programs=("ruby",), arguments=_SOURCE, source=_RUBY, ending=".rb"),
    Probe(runtime="php", programs=("php",), arguments=_SOURCE, source=_PHP, ending=".php"),
    Probe(runtime="curl", programs=("curl",), arguments=("-sSf", "-H", "Authorization: Bearer any", _URL)),
    Probe(
        runtime="wget",
        programs=("wget",),
        arguments=("-nv", "-O", "/dev/null", "--tries=1", "--header=Authorization: Bearer any", _URL),
    ),
)
