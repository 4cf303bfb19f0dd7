//! What we call on the page: `www/panel.js`.

use crate::chat::Line;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Half of the page.
    pub type Panel;

    /// The connection is open; its buttons act on `line`.
    #[wasm_bindgen(method)]
    pub fn opened(this: &Panel, line: Line);

    /// A message came.
    #[wasm_bindgen(method)]
    pub fn received(this: &Panel, who: &str, text: &str);

    /// Something that is not the end.
    #[wasm_bindgen(method)]
    pub fn complain(this: &Panel, words: &str);

    /// The end.
    #[wasm_bindgen(method)]
    pub fn closed(this: &Panel, code: u16, reason: &str, clean: bool);

    /// It never opened.
    #[wasm_bindgen(method)]
    pub fn failed(this: &Panel, words: &str);
}
