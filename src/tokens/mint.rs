//! New secrets.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::Format;
use crate::secret::Secret;

/// A new secret in the form that users of this format know: 43 characters of base64url, or `jmcp_` and 32 of them.
pub(super) fn secret(format: Format) -> Secret {
    match format {
        Format::Hashed => Secret::new(URL_SAFE_NO_PAD.encode(Zeroizing::new(rand::random::<[u8; 32]>()))),
        Format::Plain => {
            let random = Zeroizing::new(URL_SAFE_NO_PAD.encode(Zeroizing::new(rand::random::<[u8; 24]>())));
            Secret::new(format!("jmcp_{}", random.as_str()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_their_forms_and_never_repeat() {
        for (format, prefix, length) in [(Format::Hashed, "", 43), (Format::Plain, "jmcp_", 37)] {
            let (one, other) = (secret(format), secret(format));
            assert_ne!(one, other);
            assert_eq!(one.expose().len(), length);
            let rest = one.expose().strip_prefix(prefix).unwrap();
            assert!(rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
        }
    }
}
