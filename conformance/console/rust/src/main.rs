// reqwest, as most Rust clients of the API use it.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let body = r#"{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]}"#;
    let key = std::env::var("OPENAI_API_KEY")?;
    let answer = reqwest::blocking::Client::new()
        .post("https://api.openai.com/v1/chat/completions")
        .header("Authorization", format!("Bearer {key}"))
        .header("Content-Type", "application/json")
        .body(body)
        .send()?;
    println!("{}", answer.text()?);
    Ok(())
}
