using ArrowCid.Ipld;

namespace ArrowCid.Tests.Ipld.Car;

/// <summary>Archives put together by hand, and those that others wrote.</summary>
internal static class CarBytes
{
    private static readonly string s_folder = Path.Combine(AppContext.BaseDirectory, "Data", "car");

    public static byte[] Fixture(string name) => File.ReadAllBytes(Path.Combine(s_folder, name));

    public static byte[] Header(params Cid[] roots) => Prefixed(DagCbor.Encode(IpldNode.Map(
        ("roots", IpldNode.List([.. roots.Select(IpldNode.Link)])), ("version", IpldNode.Integer(1)))));

    public static byte[] Section(Cid cid, ReadOnlySpan<byte> block) => Prefixed([.. cid.ToBytes(), .. block]);

    public static byte[] Raw(ReadOnlySpan<byte> block) => Section(Cid.Sha256(Multicodec.Raw, block), block);

    public static byte[] Prefixed(byte[] bytes)
    {
        byte[] length = new byte[Varint.Length((ulong)bytes.Length)];
        _ = Varint.Write(length, (ulong)bytes.Length);
        return [.. length, .. bytes];
    }

    public static byte[] Version2(byte[] data, byte[] index, byte characteristics = 0, long? dataSize = null, long? indexOffset = null)
    {
        byte[] header = new byte[40];
        header[0] = characteristics;
        BitConverter.TryWriteBytes(header.AsSpan(16), 51L);
        BitConverter.TryWriteBytes(header.AsSpan(24), dataSize ?? data.Length);
        BitConverter.TryWriteBytes(header.AsSpan(32), indexOffset ?? (index.Length == 0 ? 0 : 51L + data.Length));
        return [.. Convert.FromHexString("0aa16776657273696f6e02"), .. header, .. data, .. index];
    }
}
