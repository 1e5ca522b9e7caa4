//! A trust store that every JVM reads, written without its `keytool`.
//!
//! A PKCS#12 file made by OpenSSL is not taken as a trust store; a JKS file is, with and without
//! the password property. [tried] JDK 17

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use rustls_pki_types::CertificateDer;

/// The store with these certificates.
pub(super) fn trust_store<'a>(
    certificates: impl ExactSizeIterator<Item = &'a CertificateDer<'static>>,
) -> Vec<u8> {
    let mut store = Vec::new();
    store.extend(MAGIC.to_be_bytes());
    store.extend(VERSION.to_be_bytes());
    store.extend(length(certificates.len()));
    for (number, certificate) in certificates.enumerate() {
        store.extend(TRUSTED_CERTIFICATE.to_be_bytes());
        short_text(&mut store, &format!("pushpit-{number}"));
        // When it was added: nobody asks, and the same roots shall give the same bytes.
        store.extend(0_u64.to_be_bytes());
        short_text(&mut store, "X.509");
        store.extend(length(certificate.len()));
        store.extend_from_slice(certificate);
    }
    let mut digest = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    for unit in PASSWORD.encode_utf16() {
        digest.update(&unit.to_be_bytes());
    }
    digest.update(SALT);
    digest.update(&store);
    store.extend_from_slice(digest.finish().as_ref());
    store
}

/// The flags that make a JVM use it, and the proxy; without one they take a preset one away.
pub(super) fn flags(store: &str, proxy: Option<(&str, &str)>) -> String {
    let (proxy_host, proxy_port) = proxy.unwrap_or_default();
    let mut flags = vec![
        format!("-Djavax.net.ssl.trustStore={store}"),
        "-Djavax.net.ssl.trustStoreType=JKS".to_owned(),
        format!("-Djavax.net.ssl.trustStorePassword={PASSWORD}"),
    ];
    for scheme in ["http", "https"] {
        flags.push(format!("-D{scheme}.proxyHost={proxy_host}"));
        flags.push(format!("-D{scheme}.proxyPort={proxy_port}"));
    }
    let quoted = |flag: String| match flag.contains(char::is_whitespace) {
        true if flag.contains('"') => format!("'{flag}'"),
        true => format!("\"{flag}\""),
        false => flag,
    };
    flags.into_iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Lengths have four bytes; certificates and their number are far below that.
fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

fn short_text(store: &mut Vec<u8>, text: &str) {
    store.extend(u16::try_from(text.len()).unwrap_or(u16::MAX).to_be_bytes());
    store.extend_from_slice(text.as_bytes());
}

/// The format's own numbers and words. [client] OpenJDK, `JavaKeyStore.java`
const MAGIC: u32 = 0xFEED_FEED;
const VERSION: u32 = 2;
const TRUSTED_CERTIFICATE: u32 = 2;
const SALT: &[u8] = b"Mighty Aphrodite";

/// The password that Java's own store has; it guards nothing.
const PASSWORD: &str = "changeit";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_has_head_entries_and_digest() {
        let store = trust_store([CertificateDer::from(vec![0xAB, 0xCD])].iter());
        let mut expected = vec![0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
        expected.extend(*b"\0\x09pushpit-0\0\0\0\0\0\0\0\0\0\x05X.509\0\0\0\x02\xAB\xCD");
        assert_eq!((&store[..expected.len()], store.len()), (&*expected, expected.len() + 20));
    }

    #[test]
    fn a_folder_with_a_space_is_quoted() {
        assert_eq!(
            flags("/a b/store", Some(("127.0.0.1", "7443"))),
            "\"-Djavax.net.ssl.trustStore=/a b/store\" -Djavax.net.ssl.trustStoreType=JKS \
             -Djavax.net.ssl.trustStorePassword=changeit -Dhttp.proxyHost=127.0.0.1 \
             -Dhttp.proxyPort=7443 -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=7443"
        );
    }
}
