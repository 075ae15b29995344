//! Tools that ask the client one question: for forms of every kind, and for its model's words.

use jmcp::{
    error::Result,
    tools::{Context, Tool, Typed},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Nothing, Said,
    questions::{ask, form, name, one, sample, words},
    said, tool,
};

pub(crate) fn tools() -> Vec<Tool> {
    vec![
        tool("test_elicitation", "Asks for a name.", elicitation),
        tool("test_sampling", "Asks the client's model.", sampling),
        tool(
            "test_elicitation_sep1034_defaults",
            "Asks with defaults.",
            |context, _: Nothing| show(context, "Please look at the defaults", defaults()),
        ),
        tool(
            "test_elicitation_sep1330_enums",
            "Asks to choose.",
            |context, _: Nothing| show(context, "Please choose", choices()),
        ),
        tool(
            "test_missing_capability",
            "Needs the client's model.",
            missing_capability,
        ),
        tool("test_streaming_elicitation", "Asks for a name.", streaming),
    ]
}

#[derive(Deserialize, JsonSchema)]
struct Message {
    /// What the person reads.
    message: String,
}

#[derive(Deserialize, JsonSchema)]
struct Prompt {
    /// What the model reads.
    prompt: String,
}

async fn elicitation(context: Context, arguments: Message) -> Result<Typed<Said>> {
    let user = json!({ "type": "string", "description": "User's response" });
    let email = json!({ "type": "string", "description": "User's email address" });
    let question = form(&arguments.message, json!({ "username": user, "email": email }));
    let answers = ask(&context, one("user", question)).await?;
    Ok(said(format!("User response: {}", Value::Object(answers))))
}

async fn sampling(context: Context, arguments: Prompt) -> Result<Typed<Said>> {
    let answers = ask(&context, one("response", sample(&arguments.prompt, 100))).await?;
    let response = words(&answers, "response", "/content/text");
    Ok(said(format!("LLM response: {response}")))
}

async fn show(context: Context, message: &str, properties: Value) -> Result<Typed<Said>> {
    let answers = ask(&context, one("form", form(message, properties))).await?;
    Ok(said(format!("Elicitation completed: {}", Value::Object(answers))))
}

async fn missing_capability(context: Context, _: Nothing) -> Result<Typed<Said>> {
    let answers = ask(&context, one("response", sample("Say something", 50))).await?;
    Ok(said(words(&answers, "response", "/content/text")))
}

async fn streaming(context: Context, _: Nothing) -> Result<Typed<Said>> {
    let answers = ask(&context, one("user_name", name("What is your name?"))).await?;
    Ok(said(words(&answers, "user_name", "/content/name")))
}

fn defaults() -> Value {
    json!({
        "name": { "type": "string", "default": "John Doe" },
        "age": { "type": "integer", "default": 30 },
        "score": { "type": "number", "default": 95.5 },
        "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
        "verified": { "type": "boolean", "default": true }
    })
}

fn choices() -> Value {
    let titled = |kind: &str| {
        let choice =
            |n: usize, title: &str| json!({ "const": format!("value{n}"), "title": format!("{title} {kind}") });
        json!([choice(1, "First"), choice(2, "Second"), choice(3, "Third")])
    };
    let plain = json!(["option1", "option2", "option3"]);
    json!({
        "untitledSingle": { "type": "string", "enum": plain },
        "titledSingle": { "type": "string", "oneOf": titled("Option") },
        "legacyEnum": {
            "type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["Option One", "Option Two", "Option Three"]
        },
        "untitledMulti": { "type": "array", "items": { "type": "string", "enum": plain } },
        "titledMulti": { "type": "array", "items": { "anyOf": titled("Choice") } }
    })
}
