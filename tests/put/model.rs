//! A plain model of `branch_put`: all paths are looked at, one by one.

/// A message of the model; its id is its place plus one.
#[derive(Clone, Debug)]
pub struct Node {
    pub parent: Option<usize>,
    /// None for a summary.
    pub text: Option<u8>,
}

#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub nodes: Vec<Node>,
}

impl Tree {
    /// The messages from the first one to this one.
    pub fn path(&self, end: Option<usize>) -> Vec<usize> {
        let mut path = Vec::new();
        let mut next = end;
        while let Some(at) = next {
            path.push(at);
            next = self.nodes[at].parent;
        }
        path.reverse();
        path
    }

    /// What a client knows of a path.
    pub fn history(&self, end: Option<usize>) -> Vec<u8> {
        let path = self.path(end);
        path.iter().filter_map(|at| self.nodes[*at].text).collect()
    }

    fn height(&self, at: usize) -> usize {
        let depth = |at| self.path(Some(at)).len();
        let below = (0..self.nodes.len()).filter(|other| self.path(Some(*other)).contains(&at));
        below.map(depth).max().unwrap_or(0) - depth(at)
    }

    fn highest(&self, ends: impl Iterator<Item = usize>) -> Option<usize> {
        ends.max_by_key(|at| (self.height(*at), *at))
    }

    pub fn add(&mut self, parent: Option<usize>, text: Option<u8>) -> usize {
        self.nodes.push(Node { parent, text });
        self.nodes.len() - 1
    }

    /// What the contract says, word by word.
    pub fn put(&mut self, sent: &[u8]) -> Option<usize> {
        let beginning = |at: &usize| {
            self.nodes[*at].text.is_some() && sent.starts_with(&self.history(Some(*at)))
        };
        let fitting: Vec<usize> = (0..self.nodes.len()).filter(beginning).collect();
        let longest = fitting
            .iter()
            .map(|at| self.history(Some(*at)).len())
            .max()
            .unwrap_or(0);
        let ends = fitting.iter().copied();
        let mut end = self.highest(ends.filter(|at| self.history(Some(*at)).len() == longest));
        // A summary that stands where the path goes on is on it.
        while let Some(next) =
            self.highest((0..self.nodes.len()).filter(|at| self.nodes[*at].parent == end))
        {
            if self.nodes[next].text.is_some() {
                break;
            }
            end = Some(next);
        }
        for text in &sent[longest..] {
            end = Some(self.add(end, Some(*text)));
        }
        end
    }
}
