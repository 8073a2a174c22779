<?php
// PHP's streams, which know no proxy variable.
$answer = file_get_contents("https://api.openai.com/v1/chat/completions", false, stream_context_create(["http" => [
    "method" => "POST",
    "header" => ["Authorization: Bearer " . getenv("OPENAI_API_KEY"), "Content-Type: application/json"],
    "content" => json_encode(["model" => "gpt-4o", "messages" => [["role" => "user", "content" => "Hello"]]]),
]]));
echo json_decode($answer)->choices[0]->message->content, "\n";
