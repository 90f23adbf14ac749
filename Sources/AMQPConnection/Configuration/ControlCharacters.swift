/// The characters that have no business in names and passwords: NUL, which separates fields in SASL and ends strings in
/// C, line breaks, which forge log lines, and their kin.
enum ControlCharacters {
    /// Whether a text has a character of Unicode's category Cc: U+0000 … U+001F and U+007F … U+009F.
    static func occur(in text: String) -> Bool {
        text.unicodeScalars.contains { $0.value < 0x20 || (0x7F ... 0x9F).contains($0.value) }
    }
}
