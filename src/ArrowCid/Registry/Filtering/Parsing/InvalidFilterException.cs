using System.Globalization;

namespace ArrowCid.Registry;

/// <summary>A text that is no filter. Its code is <see cref="ErrorCode.InvalidArgument"/>.</summary>
public sealed class InvalidFilterException : ArrowCidException
{
    internal InvalidFilterException(string filter, int position, int length, string found, string expected)
        : base(ErrorCode.InvalidArgument, string.Create(CultureInfo.InvariantCulture,
            $"the filter, character {position + 1}: found {found}, expected {expected}")) =>
        (Filter, Position, Length, Found, Expected) = (filter, position, length, found, expected);

    /// <summary>The whole text.</summary>
    public string Filter { get; }

    /// <summary>Where it goes wrong: an index into <see cref="Filter"/> in UTF-16 code units, or its length where more
    /// was expected.</summary>
    public int Position { get; }

    /// <summary>How many code units from there on are meant; 0 at the end.</summary>
    public int Length { get; }

    /// <summary>The text found there, for display.</summary>
    public string Found { get; }

    /// <summary>The text expected there, for display.</summary>
    public string Expected { get; }
}
