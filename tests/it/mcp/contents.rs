//! What an answer carries beside its text.

use jmcp::tools::{Block, Body, Context, Effect, Tool, Typed};
use serde_json::json;

use crate::support::{
    made::{Nothing, Said, server},
    talk::{ERAS, Served},
};

fn blocks() -> Vec<Block> {
    let document = |body| Block::Document {
        uri: "junos://mx-lab-1/notes".into(),
        mime: "text/plain".into(),
        body,
    };
    vec![
        Block::Image {
            data: vec![0xff, 0x00, 0xfe],
            mime: "image/png".into(),
        },
        Block::Audio {
            data: b"beep".to_vec(),
            mime: "audio/wav".into(),
        },
        document(Body::Text("up \u{202e}nwod".into())),
        document(Body::Bytes(b"\0\x01".to_vec())),
        Block::Link {
            uri: "junos://mx-lab-1/config".into(),
            name: "configuration".into(),
            mime: "text/plain".into(),
        },
    ]
}

fn tool(name: &'static str, words: &'static str) -> Tool {
    Tool::new(
        name,
        Effect::Read,
        name,
        "Answers.",
        move |_: Context, _: Nothing| async move {
            let answer = Typed::field(Said { said: words.into() }, "said");
            Ok(blocks().into_iter().fold(answer, Typed::with))
        },
    )
}

#[tokio::test]
async fn pictures_sounds_documents_and_links_come_after_the_text() {
    let path = server(vec![tool("plain", ""), tool("words", "look at this")]);
    for era in ERAS {
        let (_served, mut client) = Served::client(&path, era, json!({})).await;
        let answer = client.call("words", json!({})).await;
        let wanted = json!([
            { "type": "text", "text": "look at this" },
            { "type": "image", "data": "/wD+", "mimeType": "image/png" },
            { "type": "audio", "data": "YmVlcA==", "mimeType": "audio/wav" },
            {
                "type": "resource",
                "resource": { "uri": "junos://mx-lab-1/notes", "mimeType": "text/plain", "text": "up <U+202E>nwod" }
            },
            {
                "type": "resource",
                "resource": { "uri": "junos://mx-lab-1/notes", "mimeType": "text/plain", "blob": "AAE=" }
            },
            {
                "type": "resource_link",
                "uri": "junos://mx-lab-1/config", "name": "configuration", "mimeType": "text/plain"
            }
        ]);
        assert_eq!(answer["content"], wanted, "{era:?}");
        assert_eq!(answer["structuredContent"], json!({ "said": "look at this" }));
        let answer = client.call("plain", json!({})).await;
        assert_eq!(
            answer["content"][0]["type"], "image",
            "an empty text is left out: {answer}"
        );
        assert_eq!(answer["content"].as_array().unwrap().len(), 5);
    }
}
