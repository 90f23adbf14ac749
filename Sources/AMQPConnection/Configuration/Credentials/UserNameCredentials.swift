/// Credentials of a user name and a password.
protocol UserNameCredentials: Credentials {
    var username: String { get }
    var password: String { get }
}

extension UserNameCredentials {
    /// Refuses control characters in either; the error does not show the value.
    func validateNameAndPassword() throws(AMQPError) {
        for (name, value) in [("user name", username), ("password", password)]
        where ControlCharacters.occur(in: value) {
            throw AMQPError(.invalidArgument, blame: .application, "the \(name) contains a control character")
        }
    }
}
