namespace ArrowCid.Storage;

/// <summary>What the threads of a handle tell each other while there is no room for a segment.</summary>
internal sealed class SpacePressure
{
    private volatile string[] _held = [];

    /// <summary>Called, with the bytes in need, under a lane's gate by a put that finds no room: it is to return at
    /// once.</summary>
    public Action<long>? Requested { get; set; }

    /// <summary>Segments that could go if nobody held them, by name.</summary>
    public IReadOnlyList<string> Held => _held;

    public void SetHeld(IEnumerable<string> names) => _held = [.. names];
}
