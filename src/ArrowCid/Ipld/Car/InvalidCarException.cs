using System.Globalization;

namespace ArrowCid.Ipld.Car;

/// <summary>Bytes that break a rule of archives. Its code is <see cref="ErrorCode.InvalidData"/>.</summary>
internal sealed class InvalidCarException(string rule, long offset, ErrorCode code = ErrorCode.InvalidData)
    : ArrowCidException(code, string.Create(CultureInfo.InvariantCulture, $"Not a CAR: {rule}; byte {offset}."))
{
    /// <summary>Where in the file, from 0.</summary>
    public long Offset { get; } = offset;

    /// <summary>Whether the file ends where more must follow: what is before that is as it was.</summary>
    public bool IsCutShort { get; init; }
}
