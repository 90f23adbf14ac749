/// Something that keeps a check from being made at all.
struct CheckProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
