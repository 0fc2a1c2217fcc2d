namespace ArrowCid.Storage;

/// <summary>State shared by the threads of a handle while there is no space for a segment.</summary>
internal sealed class SpacePressure
{
    private volatile string[] _held = [];

    /// <summary>Called with the number of bytes needed, under a lane's gate, by a put that finds no space. It must
    /// return at once.</summary>
    public Action<long>? Requested { get; set; }

    /// <summary>The names of segments that could be removed if no process held them.</summary>
    public IReadOnlyList<string> Held => _held;

    public void SetHeld(IEnumerable<string> names) => _held = [.. names];
}
