namespace ArrowCid.Storage;

/// <summary>What the threads of a handle tell each other while there is no space for a segment.</summary>
/// <param name="requested">Called, with the bytes in need, under a lane's gate by a put that finds no space: it is to
/// return at once. Null where no thread frees space.</param>
internal sealed class SpacePressure(Action<long>? requested = null)
{
    private volatile string[] _held = [];

    /// <summary>Segments that could go if no process held them, by name.</summary>
    public IReadOnlyList<string> Held => _held;

    /// <summary>Asks for space.</summary>
    public void Request(long bytes) => requested?.Invoke(bytes);

    public void SetHeld(IEnumerable<string> names) => _held = [.. names];
}
