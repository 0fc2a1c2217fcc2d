using System.Globalization;
using System.Net;
using System.Text.Json;
using ArrowCid.Ipld;
using ArrowCid.Tests.Generators;
using ArrowCid.Tests.Ipld;
using ArrowCid.Tests.Storage;
using ArrowCid.Tests.Store;
using ArrowCid.Transfer;

namespace ArrowCid.Tests.Peers;

/// <summary>JavaScript's readers of CARs and UnixFS find our batches, and its importer makes our CIDs.</summary>
public sealed class CarPeerTests : IDisposable
{
    private const int Seed = 20250305;

    private readonly string _folder = Directory.CreateTempSubdirectory("arrowcid-cars-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [PeerFact(Peer.CarJs)]
    public void JavaScript_reads_every_layout_with_all_hashes_checked()
    {
        using var directory = new TemporaryStore();
        using var store = CidStore.Open(directory.Directory, new CidStoreOptions { Capacity = 256 << 20, SegmentSize = 1 << 20 });
        Cid[] large = [.. new[] { 131_000, 200_000, 1_200_000 }.Select(rows => store.Put(CarTests.Numbers(rows, rows)).Cid)];
        Cid[] small = [.. Enumerable.Range(1, 40).Select(seed => store.Put(RandomBatch.Make(seed).Batch).Cid).Distinct()];
        Cid dataset = store.Datasets.Put([.. large, store.Put(CarTests.Numbers(5, 1)).Cid]).Cid;
        (string Name, Cid[] Cids)[] sets = [("large", large), ("small", small), ("dataset", [dataset])];
        var lines = new List<string>();
        foreach ((string name, Cid[] cids) in sets)
        {
            foreach (CarLayout layout in Enum.GetValues<CarLayout>())
            {
                foreach (int version in new[] { 1, 2 })
                {
                    string car = $"{name}-{layout}-{version}.car";
                    using FileStream file = File.Create(Path.Combine(_folder, car));
                    _ = store.Transfer.ExportCar(cids, file, new CarExportOptions { Layout = layout, Version = version });
                    IEnumerable<Cid> batches = name == "dataset" ? store.Datasets.TryGet(dataset)! : cids;
                    lines.Add(JsonSerializer.Serialize(new { car, batches = batches.Select(cid => cid.ToString()) }));
                }
            }
        }

        PeerResult result = Run("interop/node/check-cars.mjs", lines);
        Assert.Equal(lines.Count, result.Lines.Length);
        Assert.All(result.Lines, line => Assert.Contains(" same ", line, StringComparison.Ordinal));
    }

    [PeerFact(Peer.CarJs)]
    public void The_JavaScript_importer_gives_files_the_same_CIDs()
    {
        var random = new Random(Seed);
        var wanted = new List<(string Line, int Length, UnixFsProfile Profile)>();
        foreach ((int chunk, int width) in new[] { (4, 3), (256, 4), (1000, 2), (4096, 174), (512, 1024) })
        {
            int[] edges = [chunk, 2 * chunk, chunk * width, chunk * width * width, chunk * width * (width + 1), chunk * (width - 1)];
            for (int i = 0; i < 40; i++)
            {
                int edge = edges[i % edges.Length];
                int length = Math.Max(0, Math.Min(edge + random.Next(-3, 4), 8 << 20));
                wanted.Add((Text($"{length} {chunk} {width}"), length, new UnixFsProfile("test", chunk, width)));
            }
        }

        foreach (UnixFsProfile profile in new[] { UnixFsProfile.V1Of2025, UnixFsProfile.V0Of2015 })
        {
            foreach (int chunks in new[] { 0, 1, 2, 175 })
            {
                int length = Math.Max(0, Math.Min(chunks, (48 << 20) / profile.ChunkSize) * profile.ChunkSize + random.Next(-1, 2));
                wanted.Add((Text($"{length} {profile.Name}"), length, profile));
            }
        }

        PeerResult result = Run("interop/node/unixfs-cids.mjs", wanted.Select(each => each.Line));
        Assert.Equal(wanted.Count, result.Lines.Length);
        for (int i = 0; i < wanted.Count; i++)
        {
            var made = UnixFsDag.Of(UnixFsDagTests.Pattern(wanted[i].Length), wanted[i].Profile);
            Assert.True(result.Lines[i] == made.Root.ToString(), $"seed {Seed}: {wanted[i].Line}: {made.Root} for {result.Lines[i]}");
        }

        Assert.True(wanted.Count >= 200);
    }

    [PeerFact(Peer.CarJs)]
    public void A_directory_in_shards_of_the_JavaScript_importer_is_read()
    {
        const int Files = 1500;
        PeerResult result = PeerProcess.Node("interop/node/unixfs-directory.mjs", Files.ToString(CultureInfo.InvariantCulture));
        Assert.True(result.ExitCode == 0, result.ToString());
        var root = Cid.Parse(result.Lines[0]);
        Dictionary<Cid, ReadOnlyMemory<byte>> blocks = result.Lines[1..].Select(line => line.Split(' '))
            .ToDictionary(parts => Cid.Parse(parts[0]), parts => (ReadOnlyMemory<byte>)Hex.Bytes(parts[1]));
        BlockSource source = cid => blocks.TryGetValue(cid, out ReadOnlyMemory<byte> found) ? found : null;
        Assert.Equal(Files, new UnixFsReader(source).Entries(root).Count());
        for (int i = 0; i < Files; i++)
        {
            string name = $"file {i} {new string('é', i % 40)}";
            DagPlace place = DagPath.Resolve(root, name, source);
            Assert.Equal($"dir/{name}", System.Text.Encoding.UTF8.GetString(place.Bytes.Span));
        }

        Assert.Equal(ErrorCode.BlockNotFound, Assert.Throws<ArrowCidException>(() => DagPath.Resolve(root, "no such file", source)).Code);
    }

    [PeerFact(Peer.PieceJs)]
    public void Piece_commitments_are_those_of_the_JavaScript_peers()
    {
        const int Count = 60, Most = 300_000;
        var random = new Random(Seed);
        int[] lengths = [.. Enumerable.Range(0, Count).Select(i => i % 2 == 0 ? random.Next(Most) : random.Next(1000))];
        PeerResult result = Run("interop/node/check-pieces.mjs", lengths.Select(length => Text($"{length}")));
        Assert.Equal(lengths.Length, result.Lines.Length);
        for (int i = 0; i < lengths.Length; i++)
        {
            var piece = PieceCommitment.Compute(new MemoryStream(UnixFsDagTests.Pattern(lengths[i])));
            string made = Text($"{piece.Cid} {piece.CidV2} {piece.PaddedSize}");
            Assert.True(result.Lines[i] == made, $"seed {Seed}: {lengths[i]} bytes: {made} for {result.Lines[i]}");
        }
    }

    // Of http-path the text alone is compared: the peer puts a '/' before the path in the bytes, and go-multiaddr does not.
    [PeerFact(Peer.MultiaddrJs)]
    public void Multiaddrs_are_those_of_the_JavaScript_peer()
    {
        var random = new Random(Seed);
        string[] names = ["a.com", "example.org", "data.example"], kinds = ["dns", "dns4", "dns6"];
        var texts = new List<string>();
        for (int i = 0; i < 200; i++)
        {
            byte[] ip = new byte[random.Next(2) == 0 ? 4 : 16];
            random.NextBytes(ip);
            string name = names[random.Next(names.Length)], port = Text($"{random.Next(65536)}");
            string host = i % 2 == 0 ? $"/{kinds[random.Next(kinds.Length)]}/{name}" : $"/ip{(ip.Length == 4 ? 4 : 6)}/{new IPAddress(ip)}";
            string end = new[] { "", "/http", "/https", "/tls/http", "/p2p/QmcgpsyWgH8Y8ajJz1Cu72KnS5uo2Aa2LpzU7kinSupNKC",
                "/http/http-path/a%20b%2Fc", "/unix/%2Ftmp%2Fx.sock/http" }[random.Next(7)];
            texts.Add($"{host}/{(random.Next(2) == 0 ? "tcp" : "udp")}/{port}{end}");
        }

        string[] refused = ["/ip4/256.1.1.1", "/ip4/1.2.3.4/tcp/65536", "/ip4/1.2.3.4/tcp/080", "/nothing/1", "/ip4", "/ip6/1.2.3.4"];
        PeerResult result = Run("interop/node/check-multiaddrs.mjs", texts.Concat(refused));
        Assert.Equal(texts.Count + refused.Length, result.Lines.Length);
        for (int i = 0; i < texts.Count; i++)
        {
            var address = Multiaddr.Parse(texts[i]);
            string[] peer = result.Lines[i].Split(' ');
            bool hasPath = address.Has("http-path");
            Assert.Equal((address.ToString(), hasPath ? "" : Hex.Of(address.Bytes.ToArray())), (peer[0], hasPath ? "" : peer[1]));
        }

        Assert.All(result.Lines[texts.Count..], line => Assert.Equal("refused", line));
        Assert.All(refused, text => Assert.Throws<ArrowCidException>(() => Multiaddr.Parse(text)));
    }

    private PeerResult Run(string script, IEnumerable<string> lines)
    {
        string list = Path.Combine(_folder, "list.txt");
        File.WriteAllLines(list, lines);
        PeerResult result = PeerProcess.Node(script, list);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
