//! What the tools ask, and what they read of an answer.

use jmcp::{
    error::Result,
    tools::{Context, Question, Round},
};
use serde_json::{Map, Value, json};

pub(crate) async fn ask(context: &Context, round: Round) -> Result<Map<String, Value>> {
    let ask = context.ask.as_ref().expect("a client to ask");
    ask.ask(round).await
}

pub(crate) fn one(name: &str, question: Question) -> Round {
    Round::default().question(name, question)
}

/// Words out of an answer.
pub(crate) fn words(answers: &Map<String, Value>, name: &str, pointer: &str) -> String {
    let answer = answers.get(name).and_then(|answer| answer.pointer(pointer));
    answer.and_then(Value::as_str).unwrap_or("nothing").to_owned()
}

/// A form whose every field has to be filled in, but where it has a default or is a choice.
pub(crate) fn form(message: &str, properties: Value) -> Question {
    let optional = |property: &Value| {
        ["default", "enum", "oneOf", "items"]
            .iter()
            .any(|key| property.get(key).is_some())
    };
    let fields = properties.as_object().into_iter().flatten();
    let required: Vec<&String> = fields
        .filter(|(_, property)| !optional(property))
        .map(|(name, _)| name)
        .collect();
    Question::Form {
        message: message.into(),
        schema: json!({ "type": "object", "properties": properties, "required": required }),
    }
}

pub(crate) fn name(message: &str) -> Question {
    form(message, json!({ "name": { "type": "string" } }))
}

pub(crate) fn confirm(message: &str) -> Question {
    form(message, json!({ "ok": { "type": "boolean" } }))
}

pub(crate) fn sample(prompt: &str, max_tokens: u32) -> Question {
    let content = json!({ "type": "text", "text": prompt });
    Question::Sample(json!({ "messages": [{ "role": "user", "content": content }], "maxTokens": max_tokens }))
}
