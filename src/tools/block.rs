//! What an answer can carry beside its text: pictures, sounds, documents, and addresses of documents.

/// One piece of an answer, in the order in which clients show them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// A picture.
    Image {
        /// The file's bytes.
        data: Vec<u8>,
        /// Its media type, such as `image/png`.
        mime: String,
    },
    /// A sound.
    Audio {
        /// The file's bytes.
        data: Vec<u8>,
        /// Its media type, such as `audio/wav`.
        mime: String,
    },
    /// A document in the answer itself.
    Document {
        /// Its address.
        uri: String,
        /// Its media type.
        mime: String,
        /// What it says.
        body: Body,
    },
    /// Where a document can be read.
    Link {
        /// Its address, one that `resources/read` takes.
        uri: String,
        /// Its name.
        name: String,
        /// Its media type.
        mime: String,
    },
}

/// What a document says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Text; control characters in it are made visible on its way out, as in any text.
    Text(String),
    /// Anything else.
    Bytes(Vec<u8>),
}
