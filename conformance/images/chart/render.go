// Renders a chart with what Helm renders it with: Go's templates, sprig's functions, and `include` and `toYaml`. For
// where Helm itself cannot be had; it knows nothing of dependencies, hooks or a cluster.
//
//	render CHART < SCOPE
//
// SCOPE is JSON: {"Values": …, "Chart": …, "Release": …}. A file PATH may stand behind CHART: it is rendered as well.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"gopkg.in/yaml.v3"
)

func main() {
	log.SetFlags(0)
	var scope map[string]interface{}
	check(json.NewDecoder(os.Stdin).Decode(&scope))
	files, err := filepath.Glob(filepath.Join(os.Args[1], "templates", "*"))
	check(err)
	files = append(files, os.Args[2:]...)

	all := template.New("chart").Option("missingkey=error")
	functions := sprig.TxtFuncMap()
	functions["include"] = func(name string, scope interface{}) (string, error) {
		var said strings.Builder
		err := all.ExecuteTemplate(&said, name, scope)
		return said.String(), err
	}
	functions["toYaml"] = func(value interface{}) (string, error) {
		said, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(said), "\n"), err
	}
	all.Funcs(functions)
	for _, file := range files {
		text, err := os.ReadFile(file)
		check(err)
		template.Must(all.New(file).Parse(string(text)))
	}
	for _, file := range files {
		if filepath.Ext(file) == ".yaml" {
			fmt.Println("---")
			check(all.ExecuteTemplate(os.Stdout, file, scope))
		}
	}
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
