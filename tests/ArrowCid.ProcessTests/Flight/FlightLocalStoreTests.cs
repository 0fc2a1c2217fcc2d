using ArrowCid.Columnar;
using ArrowCid.ProcessTests.Cli;
using ArrowCid.ProcessTests.Interop;

namespace ArrowCid.ProcessTests.Flight;

/// <summary>Clients in other languages that read the server's store in place where it is on their machine, and over the
/// network where it is not.</summary>
[Collection(NodeCollection.Name)]
public sealed class FlightLocalStoreTests(NodeInstallation installation)
{
    private const int Rows = 5000;

    [FlightLocalTheory]
    [InlineData("python")]
    [InlineData("node")]
    [InlineData("rust")]
    public void Client_reads_the_store_of_a_server_on_its_machine_in_place(string language)
    {
        using ServedStore served = ServedStore.Start();
        Cid cid = Put(served.Directory);
        Assert.Equal($"local {Rows}\n", Run(language, served, cid));
    }

    [FlightLocalTheory]
    [InlineData("python")]
    [InlineData("node")]
    [InlineData("rust")]
    public void Client_reads_in_place_with_TLS_and_a_certificate(string language)
    {
        using var files = new TlsFolder();
        using ServedStore served = ServedStore.Start("--tls-cert", files.Certificate, "--tls-key", files.Key,
            "--tls-client-ca", files.Authority, "--tls-require-client");
        Cid cid = Put(served.Directory);
        string address = served.Flight.Replace("127.0.0.1", "localhost");
        Assert.Equal($"local {Rows}\n", Run(language, address, served.Token, CLibrary.File, cid, files.Authority, files.Certificate, files.Key));
    }

    [FlightLocalTheory]
    [InlineData("python")]
    [InlineData("node")]
    [InlineData("rust")]
    public void Client_does_not_read_a_copy_of_the_store_at_the_path_that_the_server_names(string language)
    {
        using ServedStore served = ServedStore.Start();
        Cid cid = Put(served.Directory);
        // A copy has the store's id, as in a container made of the same image.
        string moved = served.Directory + "-moved";
        Directory.Move(served.Directory, moved);
        _ = Command.Program("cp", ["-r", moved, served.Directory]).Exits(0);
        Assert.Equal($"remote {Rows}\n", Run(language, served, cid));
    }

    [FlightLocalTheory]
    [InlineData("python")]
    [InlineData("node")]
    [InlineData("rust")]
    public void Client_does_not_read_another_store_at_the_path_that_the_server_names(string language)
    {
        using ServedStore served = ServedStore.Start();
        Cid cid = Put(served.Directory);
        string token = served.Token;
        Directory.Move(served.Directory, served.Directory + "-moved");
        Assert.Equal(cid, Put(served.Directory));
        Assert.Equal($"remote {Rows}\n", Run(language, served.Flight, token, CLibrary.File, cid));
    }

    [FlightLocalTheory]
    [InlineData("python")]
    [InlineData("node")]
    [InlineData("rust")]
    public void Client_reads_over_the_network_when_it_has_no_library(string language)
    {
        using ServedStore served = ServedStore.Start();
        Cid cid = Put(served.Directory);
        Assert.Equal($"remote {Rows}\n", Run(language, served.Flight, served.Token, "/nowhere/libarrowcid.so", cid));
    }

    [FlightLocalTheory]
    [InlineData("python")]
    [InlineData("node")]
    [InlineData("rust")]
    public void Client_without_a_token_reads_in_place(string language)
    {
        using ServedStore served = ServedStore.Start();
        Cid cid = Put(served.Directory);
        Assert.Equal($"local {Rows}\n", Run(language, served.Flight, "", CLibrary.File, cid));
    }

    private string Run(string language, ServedStore served, Cid cid) =>
        Run(language, served.Flight, served.Token, CLibrary.File, cid);

    private string Run(string language, string address, string token, string library, Cid cid, params string[] tls)
    {
        if (language == "node") FlightClient.AddNodePackage(installation.Folder);
        return FlightClient.RunWith(library, language, ["local", address, token, $"{cid}", .. tls]).Text;
    }

    private static Cid Put(string directory)
    {
        using CidStore store = CidStore.Open(directory);
        long[] values = [.. Enumerable.Range(0, Rows).Select(i => (long)i)];
        values[^1] = 7;
        return store.Put(RecordBatch.Of(("n", ArrowArray.From<long>(values)))).Cid;
    }
}

/// <summary>As <see cref="FlightClientTheoryAttribute"/>, of tests that need libarrowcid too.</summary>
public sealed class FlightLocalTheoryAttribute : TheoryAttribute
{
    public FlightLocalTheoryAttribute() => Skip = FlightClient.WhySkip() ?? CLibrary.WhySkip("npm");
}
