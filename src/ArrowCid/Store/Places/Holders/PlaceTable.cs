using System.Text;
using ArrowCid.Ipld;
using ArrowCid.Registry;

namespace ArrowCid;

/// <summary>The places of a store as a block of dag-cbor.</summary>
internal static class PlaceTable
{
    private const string Kind = BacklogReader.TableKind, FormKey = "form";
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
            (place.Cost is < 0 or > MostCost ? $"a cost of {place.Cost}" : null) ??
            (BlockForm.IsKnown(place.Form) ? null : $"the form '{place.Form}'") ??
            (Enum.IsDefined(place.Write) ? null : $"the write mode {(int)place.Write}") ??
            (place.Write != PlaceWrite.None && !place.IsDurable
                ? "a write mode for a place whose copies do not count" : null);
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
                IpldNode.Map([.. EncodeOne(place)]))])),
        ]));
    }

    /// <exception cref="InvalidIpldException">The block is no table of places.</exception>
    public static IReadOnlyList<BlockPlace> Decode(IpldNode node)
    {
        var map = ManifestNode.Of(node, Kind, "places");
        return [.. map.List("places").Select(item =>
        {
            var part = ManifestNode.Part(item, Kind, "name", "location", "cost", FormKey, BacklogReader.WriteKey);
            return new BlockPlace
            {
                Name = part.Text("name"),
                Location = part.Text("location"),
                Cost = part.Number("cost"),
                Form = part.Has(FormKey) ? part.Text(FormKey) : BlockForm.Block,
                Write = part.Has(BacklogReader.WriteKey) ? WriteOf(part) : PlaceWrite.None,
            };
        })];
    }

    private static PlaceWrite WriteOf(ManifestNode part) => part.Text(BacklogReader.WriteKey) switch
    {
        BacklogReader.Back => PlaceWrite.Back,
        BacklogReader.Through => PlaceWrite.Through,
        var other => throw part.Refuse($"the write mode '{other}' is not known"),
    };

    // What is as usual is left out, so that the table has the bytes that it had.
    private static IEnumerable<(string, IpldNode)> EncodeOne(BlockPlace place)
    {
        yield return ("name", IpldNode.Text(place.Name));
        yield return ("location", IpldNode.Text(place.Location));
        yield return ("cost", IpldNode.Integer(place.Cost));
        if (place.Form != BlockForm.Block) yield return (FormKey, IpldNode.Text(place.Form));
        if (place.Write == PlaceWrite.None) yield break;
        string write = place.Write == PlaceWrite.Back ? BacklogReader.Back : BacklogReader.Through;
        yield return (BacklogReader.WriteKey, IpldNode.Text(write));
    }
}
