namespace ArrowCid.Registry;

/// <summary>Sorted keys in memory, from one place up to another.</summary>
internal sealed class ListCursor(List<byte[]> keys, int from, int to, bool isDescending) : KeyCursor
{
    private int _at = isDescending ? to : from - 1;

    public override ReadOnlySpan<byte> Key => keys[_at];

    public override ReadOnlySpan<byte> Value => default;

    public override bool Next()
    {
        _at += isDescending ? -1 : 1;
        return _at >= from && _at < to;
    }
}
