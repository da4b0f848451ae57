//! A component's file as a row of sections. Nothing is judged but where each of them ends.

/// Magic number, version and layer of a component.
pub(crate) const HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

/// The id of custom sections.
pub(crate) const CUSTOM_ID: u8 = 0;

/// Why a file can't be taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedFile {
    /// It begins differently.
    #[error("this is no WebAssembly component")]
    NotAComponent,
    /// A section is longer than what is left of the file.
    #[error("the file is cut off")]
    CutOff,
}

/// An outermost section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Section<'a> {
    /// The name of a custom section.
    pub name: Option<&'a [u8]>,
    /// What follows the name, or the section's length.
    pub content: &'a [u8],
    /// The file up to this section.
    pub before: &'a [u8],
}

/// The sections of a file, one after the other.
///
/// # Errors
/// [`MalformedFile::NotAComponent`].
pub(crate) fn sections(file: &[u8]) -> Result<Sections<'_>, MalformedFile> {
    let body = file.strip_prefix(HEADER);
    let rest = Reader(body.ok_or(MalformedFile::NotAComponent)?);
    Ok(Sections { file, rest })
}

/// See [`sections`].
pub(crate) struct Sections<'a> {
    file: &'a [u8],
    rest: Reader<'a>,
}

impl<'a> Iterator for Sections<'a> {
    type Item = Result<Section<'a>, MalformedFile>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.0.is_empty() {
            return None;
        }
        let section = self.section();
        if section.is_err() {
            self.rest = Reader(&[]);
        }
        Some(section)
    }
}

impl<'a> Sections<'a> {
    fn section(&mut self) -> Result<Section<'a>, MalformedFile> {
        let begin = self.file.len().saturating_sub(self.rest.0.len());
        let before = self.file.get(..begin).ok_or(MalformedFile::CutOff)?;
        let id = self.rest.byte()?;
        let length = self.rest.number()?;
        let mut content = Reader(self.rest.take(length)?);
        let name = match id {
            CUSTOM_ID => Some(content.name()?),
            _ => None,
        };
        Ok(Section {
            name,
            content: content.0,
            before,
        })
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], MalformedFile> {
        let split = self.0.split_at_checked(length);
        let (taken, rest) = split.ok_or(MalformedFile::CutOff)?;
        self.0 = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, MalformedFile> {
        let (byte, rest) = self.0.split_first().ok_or(MalformedFile::CutOff)?;
        self.0 = rest;
        Ok(*byte)
    }

    /// A number of 32 bits in LEB128.
    fn number(&mut self) -> Result<usize, MalformedFile> {
        let mut number = 0_u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(number).map_err(|_| MalformedFile::CutOff);
            }
        }
        Err(MalformedFile::CutOff)
    }

    fn name(&mut self) -> Result<&'a [u8], MalformedFile> {
        let length = self.number()?;
        self.take(length)
    }
}
