using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ArrowCid.Columnar;
using ArrowCid.Ipc;
using ArrowCid.Server.Access;

namespace ArrowCid.Benchmarks;

/// <summary>What the measurements of <c>flight</c> share: a store with our server in a process of its own,
/// pyarrow's server in another with the same batches, and a pyarrow client that calls both.</summary>
internal sealed class FlightBenchRun : IBench
{
    private const string Script = "interop/python/bench_flight.py", Nobody = "-";
    private const long Room = 512L << 20;

    private readonly BenchPlace _memory = BenchPlace.In("/dev/shm");
    private readonly Dictionary<string, FlightSide> _ours = [], _competitors = [];
    private readonly List<(string Cid, string Path)> _shown = [];
    private readonly BenchStore _held;

    public FlightBenchRun(bool isQuick, int rounds)
    {
        (IsQuick, Rounds) = (isQuick, new Rounds(rounds));
        try
        {
            _held = _memory.Open("served", new CidStoreOptions { Capacity = Room, SegmentSize = 64 << 20 });
            Client = SourceTree.Python(Script, "measure") is { } start ? LineProcess.TryStart(start) : null;
        }
        catch
        {
            _memory.Dispose();
            throw;
        }
    }

    /// <summary>Whether shape matters more than figures.</summary>
    public bool IsQuick { get; }

    public Rounds Rounds { get; }

    public string? MissingCompetitors => Client is null ? "pyarrow with Flight" : null;

    /// <summary>The pyarrow client; null where pyarrow is missing.</summary>
    public LineProcess? Client { get; }

    /// <summary>What is served.</summary>
    public CidStore Store => _held.Store;

    public IEnumerable<Measurement> Run(string[] only) => FlightBench.Run(this, only);

    /// <summary>A count for a full run, or for a quick one.</summary>
    public int Pick(int full, int quick) => IsQuick ? quick : full;

    /// <summary>Our server, listening in a way of <see cref="SecondServer"/>; the client knows it.</summary>
    public FlightSide Ours(string way) => Side(_ours, way, () => Serve(_held.Directory, way, "ours"));

    /// <summary>pyarrow's server, which has what was shown; null where pyarrow is missing.</summary>
    public FlightSide? Competitor(string way) => Client is null ? null : Side(_competitors, way, () =>
    {
        FlightSide side = StartCompetitor(way, $"competitor-{way}");
        Connect(side, way);
        return side;
    });

    /// <summary>A server of ours over a ring of its own, which puts go round in.</summary>
    public FlightSide Ring(BenchStore ring) => Side(_ours, "ring", () =>
        Serve(ring.Directory, SecondServer.OverTcp, "ring"));

    /// <summary>A server that has done nothing yet, ours or pyarrow's, for as long as its process is kept.</summary>
    /// <returns>Null where pyarrow is missing.</returns>
    public FlightSide? Fresh(bool isOurs)
    {
        if (!isOurs) return Client is null ? null : StartCompetitor(SecondServer.OverTcp, "fresh-competitor");
        var process = LineProcess.Second(SecondServer.Role, _held.Directory);
        return new FlightSide("fresh-ours", process, process.Ask(SecondServer.OverTcp),
            TokenFile.ReadLocal(_held.Directory) ?? Nobody)
        {
            IsOurs = true,
        };
    }

    /// <summary>A store that puts go round in.</summary>
    public BenchStore OpenRing() => _memory.Open("ring", new CidStoreOptions
    {
        Capacity = 1L << 30,
        SegmentSize = 128 << 20,
        Retention = RetentionMode.Ring,
    });

    /// <summary>Puts batches where our server and pyarrow's find them under one CID.</summary>
    /// <returns>The CID: of the batch, or of a dataset of several.</returns>
    public string Show(params RecordBatch[] batches)
    {
        PutResult[] puts = Store.PutMany(batches);
        Cid cid = puts.Length == 1 ? puts[0].Cid : Store.Datasets.Put([.. puts.Select(put => put.Cid)]).Cid;
        string path = _memory.PathOf($"{cid}.arrows");
        if (File.Exists(path)) return cid.ToString();
        using (FileStream target = File.Create(path))
        using (var writer = new ArrowWriter(target, batches[0].Schema))
        {
            foreach (RecordBatch batch in batches) writer.Write(batch);
        }

        _shown.Add((cid.ToString(), path));
        foreach (FlightSide competitor in _competitors.Values) _ = competitor.Process.Ask($"load {cid} {path}");
        return cid.ToString();
    }

    /// <summary>Asks the client for a figure of one server.</summary>
    public double Ask(string what, FlightSide side, params object[] words) =>
        Client!.AskNumber(Line(what, side, words));

    public static string Line(string what, FlightSide side, params object[] words) =>
        string.Join(' ', [what, side.Name,
            .. words.Select(word => Convert.ToString(word, CultureInfo.InvariantCulture))]);

    public void Dispose()
    {
        Client?.Dispose();
        foreach (FlightSide side in _ours.Values.Concat(_competitors.Values)) side.Process.Dispose();
        _held.Dispose();
        _memory.Dispose();
    }

    private static FlightSide Side(Dictionary<string, FlightSide> sides, string way, Func<FlightSide> start) =>
        sides.TryGetValue(way, out FlightSide? known) ? known : sides[way] = start();

    private FlightSide StartCompetitor(string way, string name)
    {
        MakeCertificate(_held.Directory);
        string[] asked = way switch
        {
            SecondServer.OverTls => ["grpc+tls://127.0.0.1:0", SecondServer.Certificate(_held.Directory),
                SecondServer.Key(_held.Directory)],
            SecondServer.OverUnix => [$"grpc+unix://{_memory.PathOf("competitor.sock")}"],
            _ => ["grpc://127.0.0.1:0"],
        };
        LineProcess process = LineProcess.TryStart(SourceTree.Python(Script, ["serve", .. asked])!)
            ?? throw new ArrowCidException(ErrorCode.Io, "pyarrow's server did not start");
        foreach ((string cid, string path) in _shown) _ = process.Ask($"load {cid} {path}");
        return new FlightSide(name, process, process.Ask("address"), Nobody);
    }

    private FlightSide Serve(string directory, string way, string name)
    {
        if (way == SecondServer.OverTls) MakeCertificate(directory);
        var process = LineProcess.Second(SecondServer.Role, directory);
        string address = process.Ask(way);
        var side = new FlightSide($"{name}-{way}", process, address, TokenFile.ReadLocal(directory) ?? Nobody)
        {
            IsOurs = true,
        };
        if (Client is not null) Connect(side, way);
        return side;
    }

    private void Connect(FlightSide side, string way)
    {
        object[] certificate = way == SecondServer.OverTls ? [SecondServer.Certificate(_held.Directory)] : [];
        _ = Client!.Ask(Line("connect", side, [side.Address, side.Token, .. certificate]));
    }

    /// <summary>A certificate for this machine's own address, signed by itself.</summary>
    private static void MakeCertificate(string directory)
    {
        if (File.Exists(SecondServer.Certificate(directory))) return;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=arrowcid benchmark", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using X509Certificate2 made = request.CreateSelfSigned(now.AddHours(-1), now.AddDays(1));
        File.WriteAllText(SecondServer.Key(directory), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(SecondServer.Certificate(directory), made.ExportCertificatePem());
    }
}

/// <summary>A server that is measured.</summary>
/// <param name="Name">What the client calls it.</param>
/// <param name="Process">Its process.</param>
/// <param name="Address">Where it listens.</param>
/// <param name="Token">What to show; <c>-</c> for nothing.</param>
internal sealed record FlightSide(string Name, LineProcess Process, string Address, string Token)
{
    /// <summary>Whether it is ours.</summary>
    public bool IsOurs { get; init; }
}
