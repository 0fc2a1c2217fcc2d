using System.Text.Json;

namespace ArrowCid.S3;

/// <summary>The object <c>place.json</c> of a bucket: which version its objects have, and what the server was found to
/// do.</summary>
internal sealed record BucketFormat
{
    /// <summary>Its key.</summary>
    public const string Key = "place.json";

    /// <summary>The version that this program reads and writes.</summary>
    public const int Current = 1;

    /// <summary>The version of the objects.</summary>
    public required int Version { get; init; }

    /// <summary>The unique id of the place.</summary>
    public required Guid Id { get; init; }

    /// <summary>Whether the server refuses bytes that differ from the signed digest. Else each upload is read
    /// back.</summary>
    public required bool ChecksDigests { get; init; }

    /// <summary>Reads the object.</summary>
    /// <exception cref="ArrowCidException"><see cref="ErrorCode.InvalidData"/>: it cannot be read;
    /// <see cref="ErrorCode.FormatVersion"/>: of another version.</exception>
    public static BucketFormat Decode(byte[] bytes, string bucket)
    {
        BucketFormat? format;
        try
        {
            format = JsonSerializer.Deserialize(bytes, BucketJson.Default.BucketFormat);
        }
        catch (JsonException e)
        {
            throw new ArrowCidException(ErrorCode.InvalidData, $"{bucket}: {Key} cannot be read: {e.Message}", e);
        }

        if (format is null) throw new ArrowCidException(ErrorCode.InvalidData, $"{bucket}: {Key} cannot be read");
        return format.Version == Current
            ? format
            : throw new ArrowCidException(ErrorCode.FormatVersion,
                $"{bucket} has version {format.Version}; this program reads and writes version {Current}");
    }

    /// <summary>The bytes of the object.</summary>
    public byte[] Encode() => JsonSerializer.SerializeToUtf8Bytes(this, BucketJson.Default.BucketFormat);
}
