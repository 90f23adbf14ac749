// expected: sending 'connection' risks causing data races
import AMQPSelect

actor Keeper {
    private var connection: Connection?
    func keep(_ connection: Connection) { self.connection = connection }
}

func misuse(_ keeper: Keeper) async {
    let connection = Connection(ConnectionParameters(), on: SelectLoop())
    await keeper.keep(connection)
    connection.close()
}
