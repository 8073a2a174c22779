// Go's net/http.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
)

func main() {
	body := `{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}`
	request, _ := http.NewRequest("POST", "https://api.openai.com/v1/chat/completions", strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+os.Getenv("OPENAI_API_KEY"))
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var read struct {
		Choices []struct{ Message struct{ Content string } }
	}
	json.NewDecoder(answer.Body).Decode(&read)
	fmt.Println(read.Choices[0].Message.Content)
}
