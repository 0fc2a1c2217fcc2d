using System.Buffers.Text;

namespace ArrowCid.Registry;

/// <summary>Where a query stands in its order: after a key of one of its ranges.</summary>
internal readonly record struct QueryPlace(IndexKind Kind, bool IsDescending, byte[]? Key)
{
    private const byte Version = 1;

    public string ToToken() =>
        Base64Url.EncodeToString([Version, (byte)Kind, IsDescending ? (byte)1 : (byte)0, .. Key ?? []]);

    public static bool TryParse(string token, out QueryPlace place)
    {
        place = default;
        if (!Base64Url.IsValid(token)) return false;
        byte[] bytes = Base64Url.DecodeFromChars(token);
        if (bytes.Length < 4 || bytes[0] != Version || bytes[2] > 1) return false;
        place = new QueryPlace((IndexKind)bytes[1], bytes[2] == 1, bytes[3..]);
        return Enum.IsDefined(place.Kind);
    }
}
