using System.Text;
using ArrowCid.Ipld;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>The places of a store as a block of dag-cbor.</summary>
internal static class PlaceTable
{
    private const string Kind = "arrowcid/places";
    private const int MostPlaces = 1000;
    private const int MostLocationBytes = 1024;
    private const long MostCost = (1L << 53) - 1;

    /// <summary>Throws where a place may not be in a table.</summary>
    public static void ThrowIfInvalid(BlockPlace place)
    {
        string? fault = FactRules.OfPlace(place.Name) ??
            (place.Name == BlockPlace.Here ? $"'{BlockPlace.Here}', which is the store itself," : null) ??
            (place.Name.AsSpan().IndexOfAny('/', ':') >= 0 ? "a place with / or : in its name" : null) ??
            (place.Location.Length == 0 || Encoding.UTF8.GetByteCount(place.Location) > MostLocationBytes
                ? $"a location without a character or over {MostLocationBytes} bytes" : null) ??
            (place.Location.Any(char.IsControl) ? "a location with a control character" : null) ??
            (place.Cost is < 0 or > MostCost ? $"a cost of {place.Cost}" : null);
        if (fault is not null) throw new ArrowCidException(ErrorCode.InvalidArgument, $"{fault} is not allowed");
    }

    public static byte[] Encode(IReadOnlyCollection<BlockPlace> places)
    {
        if (places.Count > MostPlaces)
            throw new ArrowCidException(ErrorCode.InvalidArgument, $"a store has at most {MostPlaces} places");
        return DagCbor.Encode(IpldNode.Map(
        [
            ("kind", IpldNode.Text(Kind)),
            ("v", IpldNode.Integer(1)),
            ("places", IpldNode.List([.. places.OrderBy(place => place.Name, StringComparer.Ordinal).Select(place =>
                IpldNode.Map([("name", IpldNode.Text(place.Name)), ("location", IpldNode.Text(place.Location)),
                    ("cost", IpldNode.Integer(place.Cost))]))])),
        ]));
    }

    /// <exception cref="InvalidIpldException">The block is no table of places.</exception>
    public static IReadOnlyList<BlockPlace> Decode(IpldNode node)
    {
        var map = ManifestNode.Of(node, Kind, "places");
        return [.. map.List("places").Select(item =>
        {
            var part = ManifestNode.Part(item, Kind, "name", "location", "cost");
            return new BlockPlace
            {
                Name = part.Text("name"),
                Location = part.Text("location"),
                Cost = part.Number("cost"),
            };
        })];
    }
}
