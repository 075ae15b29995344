//! Tools that ask the client: for forms of every kind, for its model's words, for its roots; once, several at once, one after the other.

use jmcp::{
    error::Result,
    tools::{Context, Question, Round, Tool},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{Nothing, said, tool};

pub(crate) fn tools() -> Vec<Tool> {
    let mut tools = vec![
        tool(
            "test_elicitation",
            "Asks for a name.",
            |context, arguments: Message| async move {
                let user = json!({ "type": "string", "description": "User's response" });
                let email = json!({ "type": "string", "description": "User's email address" });
                let properties = json!({ "username": user, "email": email });
                let answers = ask(&context, one("user", form(&arguments.message, properties))).await?;
                Ok(said(format!("User response: {}", Value::Object(answers))))
            },
        ),
        tool(
            "test_sampling",
            "Asks the client's model.",
            |context, arguments: Prompt| async move {
                let answers = ask(&context, one("response", sample(&arguments.prompt, 100))).await?;
                Ok(said(format!(
                    "LLM response: {}",
                    words(&answers, "response", "/content/text")
                )))
            },
        ),
        tool(
            "test_elicitation_sep1034_defaults",
            "Asks with defaults.",
            |context, _: Nothing| async move {
                let answers = ask(
                    &context,
                    one("defaults", form("Please look at the defaults", defaults())),
                )
                .await?;
                Ok(said(format!("Elicitation completed: {}", Value::Object(answers))))
            },
        ),
        tool(
            "test_elicitation_sep1330_enums",
            "Asks to choose.",
            |context, _: Nothing| async move {
                let answers = ask(&context, one("choices", form("Please choose", choices()))).await?;
                Ok(said(format!("Elicitation completed: {}", Value::Object(answers))))
            },
        ),
        tool(
            "test_missing_capability",
            "Needs the client's model.",
            |context, _: Nothing| async move {
                let answers = ask(&context, one("response", sample("Say something", 50))).await?;
                Ok(said(words(&answers, "response", "/content/text")))
            },
        ),
        tool(
            "test_streaming_elicitation",
            "Asks for a name.",
            |context, _: Nothing| async move {
                let answers = ask(&context, one("user_name", name("What is your name?"))).await?;
                Ok(said(words(&answers, "user_name", "/content/name")))
            },
        ),
    ];
    tools.extend(in_rounds());
    tools
}

/// Tools for clients that are asked by the result of their call.
fn in_rounds() -> Vec<Tool> {
    vec![
        tool(
            "test_input_required_result_elicitation",
            "Asks for a name.",
            |context, _: Nothing| async move {
                // The suite answers this one unasked.
                let round = one("user_name", name("What is your name?")).unsealed();
                let answers = ask(&context, round).await?;
                Ok(said(format!(
                    "Hello, {}!",
                    words(&answers, "user_name", "/content/name")
                )))
            },
        ),
        tool(
            "test_input_required_result_sampling",
            "Asks the client's model.",
            |context, _: Nothing| async move {
                let answers = ask(
                    &context,
                    one("capital_question", sample("What is the capital of France?", 100)),
                )
                .await?;
                Ok(said(words(&answers, "capital_question", "/content/text")))
            },
        ),
        tool(
            "test_input_required_result_list_roots",
            "Asks for roots.",
            |context, _: Nothing| async move {
                let answers = ask(&context, one("client_roots", Question::Roots)).await?;
                Ok(said(words(&answers, "client_roots", "/roots/0/uri")))
            },
        ),
        tool(
            "test_input_required_result_request_state",
            "Asks with state.",
            |context, _: Nothing| async move {
                ask(&context, one("confirm", confirm("Please confirm"))).await?;
                Ok(said("state-ok"))
            },
        ),
        tool(
            "test_input_required_result_tampered_state",
            "Asks with state.",
            |context, _: Nothing| async move {
                ask(&context, one("confirm", confirm("Please confirm"))).await?;
                Ok(said("confirmed"))
            },
        ),
        tool(
            "test_input_required_result_multiple_inputs",
            "Asks three at once.",
            |context, _: Nothing| async move {
                let round = one("user_name", name("What is your name?"))
                    .question("greeting", sample("Generate a greeting", 50))
                    .question("client_roots", Question::Roots);
                let answers = ask(&context, round).await?;
                Ok(said(Value::Object(answers).to_string()))
            },
        ),
        tool(
            "test_input_required_result_multi_round",
            "Asks two in a row.",
            |context, _: Nothing| async move {
                let first = ask(&context, one("step1", name("Step 1: What is your name?"))).await?;
                let color = form(
                    "Step 2: What is your favorite color?",
                    json!({ "color": { "type": "string" } }),
                );
                let second = ask(&context, one("step2", color)).await?;
                let (name, color) = (
                    words(&first, "step1", "/content/name"),
                    words(&second, "step2", "/content/color"),
                );
                Ok(said(format!("{name} likes {color}.")))
            },
        ),
        tool(
            "test_input_required_result_capabilities",
            "Asks what it can.",
            |context, _: Nothing| async move {
                let all = [
                    ("user_name", name("What is your name?")),
                    ("greeting", sample("Generate a greeting", 50)),
                ];
                let ask_for = context.ask.clone();
                let can = all
                    .into_iter()
                    .filter(|(_, question)| ask_for.as_ref().is_some_and(|ask| ask.can(question)));
                let round = can.fold(Round::default(), |round, (name, question)| {
                    round.question(name, question)
                });
                let answers = ask(&context, round).await?;
                Ok(said(Value::Object(answers).to_string()))
            },
        ),
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

async fn ask(context: &Context, round: Round) -> Result<Map<String, Value>> {
    let ask = context.ask.as_ref().expect("a client to ask");
    ask.ask(round).await
}

fn one(name: &str, question: Question) -> Round {
    Round::default().question(name, question)
}

/// Words out of an answer.
fn words(answers: &Map<String, Value>, name: &str, pointer: &str) -> String {
    let answer = answers.get(name).and_then(|answer| answer.pointer(pointer));
    answer.and_then(Value::as_str).unwrap_or("nothing").to_owned()
}

/// A form whose every field has to be filled in, but where it has a default or is a choice.
fn form(message: &str, properties: Value) -> Question {
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

fn name(message: &str) -> Question {
    form(message, json!({ "name": { "type": "string" } }))
}

fn confirm(message: &str) -> Question {
    form(message, json!({ "ok": { "type": "boolean" } }))
}

fn sample(prompt: &str, max_tokens: u32) -> Question {
    let content = json!({ "type": "text", "text": prompt });
    Question::Sample(json!({ "messages": [{ "role": "user", "content": content }], "maxTokens": max_tokens }))
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
