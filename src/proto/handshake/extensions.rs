//! The grammar of `Sec-WebSocket-Extensions` (RFC 6455 §9.1).

use super::head::is_token;

/// One extension of a list, with its parameters in order.
#[cfg_attr(not(feature = "deflate"), allow(dead_code))]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Extension {
    pub(crate) name: String,
    pub(crate) parameters: Vec<(String, Option<String>)>,
}

/// The extensions of one header line. `None` if it breaks the grammar.
///
/// ```text
/// extension-list  = 1#extension
/// extension       = extension-token *( ";" extension-param )
/// extension-param = token [ "=" (token | quoted-string) ]
/// ```
pub(crate) fn parse(line: &str) -> Option<Vec<Extension>> {
    let mut rest = Cursor(line);
    let mut list = Vec::new();
    loop {
        // RFC 9110 §5.6.1.2: "A recipient MUST parse and ignore a reasonable number of empty list elements".
        while rest.take(',') {}
        if rest.is_empty() {
            return Some(list);
        }
        let name = rest.token()?;
        let mut parameters = Vec::new();
        while rest.take(';') {
            let name = rest.token()?;
            let value = match rest.take('=') {
                true => Some(rest.value()?),
                false => None,
            };
            parameters.push((name, value));
        }
        list.push(Extension { name, parameters });
        if !rest.is_empty() && !rest.take(',') {
            return None;
        }
    }
}

/// What is not read yet. Optional whitespace before each part is skipped.
struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn is_empty(&mut self) -> bool {
        self.skip_blanks();
        self.0.is_empty()
    }

    fn take(&mut self, wanted: char) -> bool {
        self.skip_blanks();
        match self.0.strip_prefix(wanted) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn token(&mut self) -> Option<String> {
        self.skip_blanks();
        let end = self
            .0
            .find(|letter: char| !is_token(letter.encode_utf8(&mut [0; 4])))
            .unwrap_or(self.0.len());
        let (token, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(token.to_owned()).filter(|token| !token.is_empty())
    }

    /// "When using the quoted-string syntax variant, the value after quoted-string unescaping MUST conform to the 'token' ABNF."
    fn value(&mut self) -> Option<String> {
        if !self.take('"') {
            return self.token();
        }
        let mut value = String::new();
        let mut letters = self.0.chars();
        loop {
            match letters.next()? {
                '"' => break,
                '\\' => value.push(letters.next()?),
                letter => value.push(letter),
            }
        }
        self.0 = letters.as_str();
        Some(value).filter(|value| is_token(value))
    }
}
