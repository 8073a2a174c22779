<?php
// PHP's Guzzle, which openai-php is mostly used with.
require "GuzzleHttp/autoload.php";

$answer = (new GuzzleHttp\Client())->post("https://api.openai.com/v1/chat/completions", [
    "headers" => ["Authorization" => "Bearer " . getenv("OPENAI_API_KEY")],
    "json" => ["model" => "gpt-4o", "messages" => [["role" => "user", "content" => "Hello"]]],
]);
echo json_decode($answer->getBody())->choices[0]->message->content, "\n";
