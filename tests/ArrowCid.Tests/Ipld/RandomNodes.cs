using ArrowCid.Ipld;

namespace ArrowCid.Tests.Ipld;

/// <summary>Random nodes and links of one seed.</summary>
/// <param name="seed">What the nodes depend on.</param>
/// <param name="forJavaScript">Only what JavaScript can tell apart: floats that are no integers.</param>
internal sealed class RandomNodes(int seed, bool forJavaScript = false)
{
    private const string Letters = "abcdeXYZ019 /\"\\_-\u00e9\u20ac\ufffd\ue000\uffee";

    private readonly Random _random = new(seed);

    public IpldNode Node(int depth = 4) => _random.Next(depth > 0 ? 9 : 7) switch
    {
        0 => IpldNode.Null,
        1 => IpldNode.Bool(_random.Next(2) == 0),
        2 => Integer(),
        3 => IpldNode.Float(Float()),
        4 => IpldNode.Bytes(Bytes()),
        5 => IpldNode.Text(Text()),
        6 => IpldNode.Link(Link()),
        7 => IpldNode.List([.. Enumerable.Range(0, Count()).Select(_ => Node(depth - 1))]),
        _ => IpldNode.Map([.. Enumerable.Range(0, Count()).Select(_ => Text()).Distinct()
            .Select(key => (key, Node(depth - 1)))]),
    };

    public DagPbNode DagPbNode()
    {
        IEnumerable<DagPbLink> links = Enumerable.Range(0, Count()).Select(_ => new DagPbLink
        {
            Hash = Link(),
            Name = _random.Next(4) == 0 ? null : Text(),
            TotalSize = _random.Next(4) == 0 ? null : (ulong)_random.NextInt64(forJavaScript ? 1L << _random.Next(54) : long.MaxValue),
        });
        return new DagPbNode([.. links], _random.Next(3) == 0 ? null : Bytes());
    }

    public string Text()
    {
        string text = "";
        for (int left = _random.Next(3) == 0 ? _random.Next(40) : _random.Next(5); left > 0; left--)
        {
            text += _random.Next(12) == 0
                ? char.ConvertFromUtf32(_random.Next(0x10000, 0x110000))
                : Letters[_random.Next(Letters.Length)].ToString();
        }

        return text;
    }

    public Cid Link()
    {
        Cid cid = Cid.Sha256(_random.Next(3) switch { 0 => Multicodec.Raw, 1 => Multicodec.DagCbor, _ => Multicodec.DagPb },
            Bytes());
        if (_random.Next(6) == 0) return Cid.Create(Multicodec.Raw, Multihash.Create(Multicodec.Identity, Bytes().AsSpan(0, 2)));
        return cid.Codec == Multicodec.DagPb && _random.Next(2) == 0 ? cid.ToV0() : cid;
    }

    private IpldNode Integer()
    {
        ulong bits = (ulong)_random.NextInt64(long.MinValue, long.MaxValue) >> _random.Next(64);
        return IpldNode.Integer(_random.Next(2) == 0 ? bits : -1 - (Int128)bits);
    }

    private double Float()
    {
        while (true)
        {
            double value = BitConverter.Int64BitsToDouble(_random.NextInt64(long.MinValue, long.MaxValue));
            if (_random.Next(4) == 0) value = _random.Next(-8, 8) / 4.0;
            if (double.IsFinite(value) && !(forJavaScript && double.IsInteger(value))) return value;
        }
    }

    private byte[] Bytes()
    {
        byte[] bytes = new byte[_random.Next(2) == 0 ? 2 + _random.Next(20) : 2 + _random.Next(300)];
        _random.NextBytes(bytes);
        return bytes;
    }

    private int Count() => _random.Next(10) == 0 ? 20 + _random.Next(20) : _random.Next(6);
}
