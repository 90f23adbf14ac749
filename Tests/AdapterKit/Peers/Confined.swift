/// Carries a value that belongs to a loop's thread through a `@Sendable` closure that runs there.
struct Confined<Value>: @unchecked Sendable {
    // SAFETY: the value is only opened by closures that the loop's mailbox runs on the loop's thread.
    let value: Value

    init(_ value: Value) { self.value = value }
}
