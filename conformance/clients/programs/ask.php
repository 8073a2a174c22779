<?php
// PHP's curl extension, which Guzzle and openai-php are made of.
$curl = curl_init("https://api.openai.com/v1/chat/completions");
curl_setopt_array($curl, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_POSTFIELDS => json_encode(["model" => "gpt-4o", "messages" => [["role" => "user", "content" => "Hello"]]]),
    CURLOPT_HTTPHEADER => ["Authorization: Bearer " . getenv("OPENAI_API_KEY"), "Content-Type: application/json"],
]);
echo json_decode(curl_exec($curl))->choices[0]->message->content, "\n";
