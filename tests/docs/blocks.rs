//! The code blocks of a Markdown document.

use std::path::Path;

/// What stands between two fences.
#[derive(Debug, Clone)]
pub struct Block {
    /// The word after the fence.
    pub language: String,
    /// The lines.
    pub text: String,
}

/// A document as text and blocks in turn, beginning and ending with text.
pub struct Document {
    between: Vec<String>,
    /// The blocks, in order.
    pub blocks: Vec<Block>,
}

const FENCE: &str = "```";

impl Document {
    /// Takes a document apart.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut document = Self {
            between: vec![String::new()],
            blocks: Vec::new(),
        };
        let mut open: Option<Block> = None;
        for line in text.lines() {
            match (&mut open, line.strip_prefix(FENCE)) {
                (None, Some(language)) => {
                    open = Some(Block {
                        language: language.to_owned(),
                        text: String::new(),
                    });
                }
                (Some(_), Some("")) => {
                    document.blocks.extend(open.take());
                    document.between.push(String::new());
                }
                (Some(block), _) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, None) => {
                    if let Some(last) = document.between.last_mut() {
                        last.push_str(line);
                        last.push('\n');
                    }
                }
            }
        }
        assert!(open.is_none(), "{}: a block without end", path.display());
        document
    }

    /// All that stands outside of blocks.
    pub fn prose(&self) -> String {
        self.between.concat()
    }

    /// The document, put together again.
    pub fn whole(&self) -> String {
        let mut text = String::new();
        for (at, between) in self.between.iter().enumerate() {
            text.push_str(between);
            if let Some(block) = self.blocks.get(at) {
                text.push_str(&format!(
                    "{FENCE}{}\n{}{FENCE}\n",
                    block.language, block.text
                ));
            }
        }
        text
    }
}
