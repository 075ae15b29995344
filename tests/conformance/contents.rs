//! Tools that answer with every kind of content, with an error, and tools whose schemas are the point.

use jmcp::{
    error::{Code, Error},
    tools::{Block, Body, Context, Tool, Typed},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::{Nothing, Said, said, tool};

/// One red pixel.
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\
    \0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

/// Two samples of silence.
const WAV: &[u8] = b"RIFF&\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0@\x1f\0\0@\x1f\0\0\x01\0\x08\0data\x02\0\0\0\x80\x80";

pub(crate) fn image() -> Block {
    Block::Image {
        data: PNG.to_vec(),
        mime: "image/png".into(),
    }
}

fn document(uri: &str, mime: &str, text: &str) -> Block {
    Block::Document {
        uri: uri.into(),
        mime: mime.into(),
        body: Body::Text(text.into()),
    }
}

fn only(block: Block) -> Typed<Said> {
    said("").with(block)
}

pub(crate) fn tools() -> Vec<Tool> {
    vec![
        tool("test_simple_text", "Says a sentence.", |_, _: Nothing| async {
            Ok(said("This is a simple text response for testing."))
        }),
        tool("test_image_content", "Shows a picture.", |_, _: Nothing| async {
            Ok(only(image()))
        }),
        tool("test_audio_content", "Plays a sound.", |_, _: Nothing| async {
            Ok(only(Block::Audio {
                data: WAV.to_vec(),
                mime: "audio/wav".into(),
            }))
        }),
        tool("test_embedded_resource", "Holds a document.", |_, _: Nothing| async {
            let text = "This is an embedded resource content.";
            Ok(only(document("test://embedded-resource", "text/plain", text)))
        }),
        tool(
            "test_multiple_content_types",
            "Holds all of them.",
            |_, _: Nothing| async {
                let text = r#"{"test":"data","value":123}"#;
                Ok(said("Multiple content types test:").with(image()).with(document(
                    "test://mixed-content-resource",
                    "application/json",
                    text,
                )))
            },
        ),
        tool("test_error_handling", "Fails.", |_, _: Nothing| async {
            Err(Error::new(
                Code::Internal,
                "This tool intentionally returns an error for testing",
            ))
        }),
        json_schema(),
        custom_header(),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "what counts is the schema, which is written out")]
struct Contact {
    name: Option<String>,
}

/// Its schema has the keywords that a server must not lose on the way.
fn json_schema() -> Tool {
    let about = "Tool with JSON Schema 2020-12 features";
    let run = |_: Context, _: Contact| async { Ok(said("valid")) };
    tool("json_schema_2020_12_tool", about, run).with_input(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } }
            }
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" }
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false
    }))
}

#[derive(Deserialize, JsonSchema)]
struct Region {
    /// Also in the header `Mcp-Param-Region`.
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: String,
}

fn custom_header() -> Tool {
    let about = "Takes an argument that is in a header too.";
    tool("test_custom_header", about, |_, arguments: Region| async move {
        Ok(said(format!("region={}", arguments.region)))
    })
}
