//! Prompts: with and without arguments, with other content than text, and one that asks first.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use jmcp::{
    error::Result,
    tools::{Ask, Question, Round},
};
use rmcp::model::{
    ContentBlock, GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage, ResourceContents, Role,
};
use serde_json::{Value, json};

use crate::contents::PNG;

const ASKING: &str = "test_input_required_result_prompt";

pub(crate) fn list() -> Vec<Prompt> {
    let prompt = |name, about, arguments: &[&str]| {
        let arguments = arguments
            .iter()
            .map(|name| PromptArgument::new(*name).with_required(true));
        Prompt::new(name, Some(about), Some(arguments.collect()))
    };
    vec![
        prompt("test_simple_prompt", "Says a sentence.", &[]),
        prompt("test_prompt_with_arguments", "Says its arguments.", &["arg1", "arg2"]),
        prompt(
            "test_prompt_with_embedded_resource",
            "Holds a document.",
            &["resourceUri"],
        ),
        prompt("test_prompt_with_image", "Holds a picture.", &[]),
        prompt(ASKING, "Asks what it is about.", &[]),
    ]
}

pub(crate) async fn get(name: &str, arguments: &JsonObject, ask: &dyn Ask) -> Option<Result<GetPromptResult>> {
    let argument = |name| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
    let messages = match name {
        "test_simple_prompt" => vec![words("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => vec![words(&format!(
            "Prompt with arguments: arg1='{}', arg2='{}'",
            argument("arg1"),
            argument("arg2")
        ))],
        "test_prompt_with_embedded_resource" => {
            let text = "Embedded resource content for testing.";
            let document = ResourceContents::text(text, argument("resourceUri")).with_mime_type("text/plain");
            vec![
                message(ContentBlock::resource(document)),
                words("Please process the embedded resource above."),
            ]
        }
        "test_prompt_with_image" => vec![
            message(ContentBlock::image(BASE64.encode(PNG), "image/png")),
            words("Please analyze the image above."),
        ],
        ASKING => match context(ask).await {
            Ok(context) => vec![words(&format!("Context: {context}"))],
            Err(e) => return Some(Err(e)),
        },
        _ => return None,
    };
    Some(Ok(GetPromptResult::new(messages)))
}

async fn context(ask: &dyn Ask) -> Result<String> {
    let form = Question::Form {
        message: "What context should the prompt use?".into(),
        schema: json!({
            "type": "object",
            "properties": { "context": { "type": "string" } },
            "required": ["context"]
        }),
    };
    let answers = ask.ask(Round::default().question("user_context", form)).await?;
    let answer = answers
        .get("user_context")
        .and_then(|answer| answer.pointer("/content/context"));
    Ok(answer.and_then(Value::as_str).unwrap_or("none").to_owned())
}

fn message(content: ContentBlock) -> PromptMessage {
    PromptMessage::new(Role::User, content)
}

fn words(text: &str) -> PromptMessage {
    PromptMessage::new_text(Role::User, text)
}
