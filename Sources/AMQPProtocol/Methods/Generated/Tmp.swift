extension MethodID { public var name: String? { nil } }
