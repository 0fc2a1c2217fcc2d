namespace ArrowCid.Cli.Inspect;

/// <summary>Where a dump begins in each lane.</summary>
internal readonly struct LogFrom
{
    private readonly Cursor? _cursor;
    private readonly int _lane;
    private readonly ulong _number;

    private LogFrom(Cursor? cursor, int lane, ulong number) => (_cursor, _lane, _number) = (cursor, lane, number);

    public static bool TryParse(string? text, out LogFrom from)
    {
        from = default;
        if (text is null) return true;
        string[] parts = text.Split('-');
        System.Globalization.CultureInfo plain = System.Globalization.CultureInfo.InvariantCulture;
        const System.Globalization.NumberStyles Digits = System.Globalization.NumberStyles.None;
        if (parts.Length == 2 && int.TryParse(parts[0], Digits, plain, out int lane) &&
            ulong.TryParse(parts[1], Digits, plain, out ulong number))
        {
            from = new LogFrom(null, lane, number);
            return true;
        }

        if (!Cursor.TryParse(text, out Cursor cursor) || cursor.IsNow) return false;
        from = new LogFrom(cursor, 0, 0);
        return true;
    }

    /// <summary>The lane to which it confines a dump, or null.</summary>
    public int? Lane => _number == 0 || _cursor is not null ? null : _lane;

    /// <summary>The first number to be shown of a lane.</summary>
    public ulong First(int lane) => _cursor is { } cursor ? cursor.At(lane).Sequence + 1 : lane == _lane ? _number : 0;
}
