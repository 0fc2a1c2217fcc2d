using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ArrowCid;

/// <summary>
/// The position of a watcher in a store: which store, and for each lane (each writer's log) the last record that it has
/// passed. There is no order between lanes. Saved as text, it continues later right after the event that it came with,
/// in any process. The default value is <see cref="Now"/>. (<c>Storage/FORMAT.md</c>, Watching.)
/// </summary>
public readonly struct Cursor : IEquatable<Cursor>
{
    // 64 lanes of at most 33 characters stay far below it.
    private const int MaxTextLength = 4096;
    private const string Version = "c1";
    private const string ListingMark = "list";

    private static readonly CursorBase s_oldest = new(Guid.Empty, false, []);

    private readonly CursorBase? _base;
    private readonly int _lane;
    private readonly LanePosition _position;

    internal Cursor(CursorBase positions) : this(positions, -1, default)
    {
    }

    /// <summary>One lane's own position over the others' of a shared vector: a cursor a record costs no copy.</summary>
    internal Cursor(CursorBase positions, int lane, LanePosition position) =>
        (_base, _lane, _position) = (positions, lane, position);

    /// <summary>Only what is put from now on.</summary>
    public static Cursor Now => default;

    /// <summary>Everything that is there, then what comes.</summary>
    public static Cursor Oldest => new(s_oldest);

    internal bool IsNow => _base is null;

    internal bool IsOldest => ReferenceEquals(_base, s_oldest);

    internal Guid Store => _base?.Store ?? Guid.Empty;

    /// <summary>Whether a listing of what was there was still going on.</summary>
    internal bool IsListing => _base is { IsListing: true };

    /// <summary>The lanes from 0 that have a position.</summary>
    internal int Lanes => Math.Max(_base?.Lanes.Length ?? 0, _lane + 1);

    /// <summary>Reads a cursor's text.</summary>
    /// <param name="text">What <see cref="ToString"/> gave, or <c>now</c> or <c>oldest</c>.</param>
    /// <returns>The cursor.</returns>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidArgument"/>: it is something else.</exception>
    public static Cursor Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(text, out Cursor cursor)
            ? cursor
            : throw new ArrowCidException(ErrorCode.InvalidArgument,
                $"'{(text.Length > 40 ? text[..40] + "…" : text)}' is not a cursor; take 'now', 'oldest', " +
                "or the text of one that an announcement came with");
    }

    /// <summary>Reads a cursor's text.</summary>
    /// <param name="text">The text, or null.</param>
    /// <param name="cursor">The cursor, or the default.</param>
    /// <returns>False where the text is no cursor.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out Cursor cursor)
    {
        cursor = default;
        if (text is null or { Length: > MaxTextLength }) return false;
        if (text is "now") return true;
        if (text is "oldest")
        {
            cursor = Oldest;
            return true;
        }

        string[] parts = text.Split('.');
        if (parts.Length < 2 || parts[0] != Version || !Guid.TryParseExact(parts[1], "N", out Guid store)) return false;
        bool isListing = parts.Length > 2 && parts[2] == ListingMark;
        var lanes = new LanePosition[CursorBase.MaxLanes];
        int count = 0;
        foreach (string part in parts.AsSpan(isListing ? 3 : 2))
        {
            if (!TryParseLane(part, out int lane, out LanePosition position)) return false;
            lanes[lane] = position;
            count = Math.Max(count, lane + 1);
        }

        var parsed = new Cursor(new CursorBase(store, isListing, lanes[..count]));
        // Each cursor has one text: order, leading zeros and repeated lanes need no rules of their own.
        if (parsed.ToString() != text) return false;
        cursor = parsed;
        return true;
    }

    /// <summary>The cursor as text of letters, digits, dots and hyphens: its format's version, the store, and a
    /// <c>lane-number-checksum</c> a lane.</summary>
    /// <returns>What <see cref="Parse"/> reads.</returns>
    public override string ToString()
    {
        if (_base is null) return "now";
        if (IsOldest) return "oldest";
        var text = new StringBuilder(Version).Append('.').Append(_base.Store.ToString("N"));
        if (_base.IsListing) text.Append('.').Append(ListingMark);
        for (int lane = 0; lane < Lanes; lane++)
        {
            LanePosition at = At(lane);
            if (at.Sequence != 0)
                text.Append(CultureInfo.InvariantCulture, $".{lane}-{at.Sequence}-{at.Crc:x8}");
        }

        return text.ToString();
    }

    /// <inheritdoc/>
    public bool Equals(Cursor other)
    {
        if (IsNow != other.IsNow || IsOldest != other.IsOldest) return false;
        if (Store != other.Store || IsListing != other.IsListing) return false;
        for (int lane = Math.Max(Lanes, other.Lanes) - 1; lane >= 0; lane--)
        {
            if (At(lane) != other.At(lane)) return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Cursor other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Store);
        for (int lane = 0; lane < Lanes; lane++)
        {
            if (At(lane) is { Sequence: not 0 } at) hash.Add(at);
        }

        return hash.ToHashCode();
    }

    /// <summary>Whether two cursors say the same.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>True where they do.</returns>
    public static bool operator ==(Cursor left, Cursor right) => left.Equals(right);

    /// <summary>Whether two cursors differ.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    /// <returns>True where they do.</returns>
    public static bool operator !=(Cursor left, Cursor right) => !left.Equals(right);

    internal LanePosition At(int lane)
    {
        if (lane == _lane) return _position;
        return _base is not null && lane < _base.Lanes.Length ? _base.Lanes[lane] : default;
    }

    private static bool TryParseLane(string part, out int lane, out LanePosition position)
    {
        (lane, position) = (0, default);
        string[] numbers = part.Split('-');
        if (numbers.Length != 3) return false;
        CultureInfo plain = CultureInfo.InvariantCulture;
        if (!int.TryParse(numbers[0], NumberStyles.None, plain, out lane) || lane >= CursorBase.MaxLanes) return false;
        if (!ulong.TryParse(numbers[1], NumberStyles.None, plain, out ulong sequence)) return false;
        if (!uint.TryParse(numbers[2], NumberStyles.AllowHexSpecifier, plain, out uint crc)) return false;
        position = new LanePosition(sequence, crc);
        return true;
    }
}
