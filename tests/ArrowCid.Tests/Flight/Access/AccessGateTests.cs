using System.Buffers.Text;
using System.Net;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using ArrowCid.Flight.Access;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowCid.Tests.Flight.Access;

/// <summary>Who may do what.</summary>
[SupportedOSPlatform("linux")]
public sealed class AccessGateTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arrowcid-test-");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly DateTimeOffset _now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Peer s_here = new(IPAddress.Loopback, Peer.Http), s_there = new(IPAddress.Parse("192.0.2.1"), Peer.Http);

    public void Dispose()
    {
        _key.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(AccessNeed.Fetch, true, true)]
    [InlineData(AccessNeed.Fetch, false, false)]
    [InlineData(AccessNeed.List, true, false)]
    [InlineData(AccessNeed.Put, true, false)]
    [InlineData(AccessNeed.Admin, true, false)]
    internal void Without_a_token_only_this_machine_fetches(AccessNeed need, bool isHere, bool isAllowed)
    {
        using AccessGate gate = Open(new AccessSettings());
        AccessDecision decision = gate.Decide(default, need, isHere ? s_here : s_there, "test");
        Assert.Equal(isAllowed, decision.IsAllowed);
        if (!isAllowed) Assert.Equal(Refusal.NoToken, decision.Refusal);
    }

    [Fact]
    public void Flight_takes_anonymous_puts_where_that_was_said_and_HTTP_never_does()
    {
        using AccessGate gate = Open(new AccessSettings { AllowAnonymousPut = true });
        Assert.True(gate.Decide(default, AccessNeed.Put, new Peer(IPAddress.Loopback, Peer.Flight), "test").IsAllowed);
        Assert.False(gate.Decide(default, AccessNeed.Put, s_here, "test").IsAllowed);
        Assert.False(gate.Decide(default, AccessNeed.Put, new Peer(s_there.Address, Peer.Flight), "test").IsAllowed);
    }

    [Fact]
    public void The_local_token_counts_on_this_machine_alone()
    {
        string token = TokenFile.ReadOrMakeLocal(_folder.FullName);
        Assert.Equal(token, TokenFile.ReadOrMakeLocal(_folder.FullName));
        string file = Path.Combine(_folder.FullName, TokenFile.LocalName);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        using AccessGate gate = AccessGate.Open(new AccessSettings(), token, NullLogger.Instance);
        var shown = Credentials.FromHeader($"Bearer {token}");
        Assert.True(gate.Decide(shown, AccessNeed.Admin, s_here, "test").IsAllowed);
        Assert.Equal(Refusal.WrongToken, gate.Decide(shown, AccessNeed.Fetch, s_there, "test").Refusal);
        Assert.False(gate.HasTokens);

        // One that others may read is no secret any more.
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.NotEqual(token, TokenFile.ReadOrMakeLocal(_folder.FullName));
    }

    [Fact]
    public async Task Servers_that_start_at_once_have_the_same_local_token()
    {
        const int Servers = 6, Rounds = 40;
        using var together = new Barrier(Servers);
        string path = Path.Combine(_folder.FullName, TokenFile.LocalName);
        string[][] tokens = await Task.WhenAll(Enumerable.Range(0, Servers).Select(number => Task.Factory.StartNew(() =>
        {
            string[] found = new string[Rounds];
            for (int i = 0; i < Rounds; i++)
            {
                if (number == 0) File.Delete(path);
                Assert.True(together.SignalAndWait(TimeSpan.FromMinutes(1)));
                found[i] = TokenFile.ReadOrMakeLocal(_folder.FullName);
                Assert.True(together.SignalAndWait(TimeSpan.FromMinutes(1)));
            }

            return found;
        }, TaskCreationOptions.LongRunning)));
        for (int i = 0; i < Rounds; i++) Assert.Single(tokens.Select(found => found[i]).Distinct());
        Assert.Equal(tokens[0][^1], TokenFile.ReadLocal(_folder.FullName));
        Assert.Equal([path], Directory.GetFiles(_folder.FullName));
    }

    [Fact]
    public void Tokens_of_a_file_have_their_scopes_and_ends()
    {
        string file = Write($"a read sha256:{Hash("token-of-a-0123456789")}\nb put sha256:{Hash("token-of-b-0123456789")} 2027-01-02\n"
            + $"c admin sha256:{Hash("token-of-c-0123456789")} 2026-12-31 # ended");
        Assert.Throws<ArrowCidException>(() => TokenFile.Read(file));
        file = Write($"a read sha256:{Hash("token-of-a-0123456789")}\n\n# none\nb put sha256:{Hash("token-of-b-0123456789")} 2027-01-02\n"
            + $"c admin sha256:{Hash("token-of-c-0123456789")} 2026-12-31");
        using AccessGate gate = Open(new AccessSettings { TokenFile = file });
        Assert.True(gate.HasTokens);
        Assert.Equal(Refusal.None, Decide(gate, "token-of-a-0123456789", AccessNeed.List));
        Assert.Equal(Refusal.SmallScope, Decide(gate, "token-of-a-0123456789", AccessNeed.Put));
        Assert.Equal(Refusal.None, Decide(gate, "token-of-b-0123456789", AccessNeed.Put));
        Assert.Equal(Refusal.SmallScope, Decide(gate, "token-of-b-0123456789", AccessNeed.Admin));
        Assert.Equal(Refusal.WrongToken, Decide(gate, "token-of-c-0123456789", AccessNeed.Fetch));
        Assert.Equal(Refusal.WrongToken, Decide(gate, "", AccessNeed.Fetch));
        var basic = Credentials.FromHeader("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("me:token-of-a-0123456789")));
        Assert.True(gate.Decide(basic, AccessNeed.List, s_there, "test").IsAllowed);
    }

    [Theory]
    [InlineData("a read")]
    [InlineData("a much sha256:00")]
    [InlineData("a read sha256:00")]
    [InlineData("a read a-token-in-clear-text-01234")]
    [InlineData("a read sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 sometime")]
    public void A_line_that_is_no_token_is_named(string line)
    {
        string file = Write("# first\n" + line);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        ArrowCidException error = Assert.Throws<ArrowCidException>(() => TokenFile.Read(file));
        Assert.Contains(":2: ", error.Message);
    }

    [Fact]
    public void Signed_tokens_are_of_ES256_and_end()
    {
        using AccessGate gate = Open(new AccessSettings { SigningKeys = Key(), Audience = "us" });
        Assert.Equal(Refusal.None, Decide(gate, Signed(AccessScope.Put, 60), AccessNeed.Put));
        Assert.Equal(Refusal.SmallScope, Decide(gate, Signed(AccessScope.Read, 60), AccessNeed.Put));
        Assert.Equal(Refusal.WrongToken, Decide(gate, Signed(AccessScope.Put, -60), AccessNeed.Put));
        Assert.Equal(Refusal.WrongToken, Decide(gate, Signed(AccessScope.Put, 60, "others"), AccessNeed.Put));
        string token = Signed(AccessScope.Put, 60);
        for (int i = 0; i < token.Length; i++)
        {
            char other = token[i] == 'A' ? 'B' : 'A';
            string changed = token[..i] + other + token[(i + 1)..];
            if (SameBytes(token, changed)) continue;
            Assert.Equal(Refusal.WrongToken, Decide(gate, changed, AccessNeed.Fetch));
        }
    }

    [Theory]
    [InlineData("""{"alg":"none"}""", """{"scope":"admin","exp":4000000000}""")]
    [InlineData("""{"alg":"HS256"}""", """{"scope":"admin","exp":4000000000}""")]
    [InlineData("""{"alg":"ES256","crit":["exp"]}""", """{"scope":"admin","exp":4000000000}""")]
    [InlineData("""{"alg":"ES256"}""", """{"scope":"admin"}""")]
    [InlineData("""{"alg":"ES256"}""", """{"scope":"admin","exp":"4000000000"}""")]
    [InlineData("""{"alg":"ES256"}""", """{"scope":"admin","exp":1e300}""")]
    [InlineData("""{"alg":"ES256"}""", """{"scope":"everything","exp":4000000000}""")]
    [InlineData("""{"alg":"ES256"}""", """{"exp":4000000000}""")]
    [InlineData("""{"alg":"ES256"}""", """{"scope":"admin","exp":4000000000,"nbf":3900000000}""")]
    [InlineData("""{"alg":"ES256"}""", """{"scope":"read","scope":"admin","exp":4000000000}""")]
    [InlineData("""{"alg":"ES256"}""", "[]")]
    [InlineData("{", "{}")]
    public void A_token_that_is_signed_and_says_something_else_is_refused(string header, string claims)
    {
        using AccessGate gate = Open(new AccessSettings { SigningKeys = Key() });
        string text = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims));
        string signature = Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256));
        Assert.Equal(Refusal.WrongToken, Decide(gate, $"{text}.{signature}", AccessNeed.Fetch));
        Assert.Equal(Refusal.WrongToken, Decide(gate, $"{text}.", AccessNeed.Fetch));
    }

    [Fact]
    public void Limits_are_a_clients_own()
    {
        var limits = new ClientLimits(new LimitSettings { Streams = 2 }, TimeProvider.System);
        Assert.Equal(TimeSpan.Zero, limits.TryEnter("a", out IDisposable? first));
        Assert.Equal(TimeSpan.Zero, limits.TryEnter("a", out _));
        Assert.NotEqual(TimeSpan.Zero, limits.TryEnter("a", out IDisposable? refused));
        Assert.Null(refused);
        Assert.Equal(TimeSpan.Zero, limits.TryEnter("b", out _));
        first!.Dispose();
        first.Dispose();
        Assert.Equal(TimeSpan.Zero, limits.TryEnter("a", out _));
        Assert.NotEqual(TimeSpan.Zero, limits.TryEnter("a", out _));
        for (int i = 0; i < 20_000; i++) _ = limits.TryEnter($"c{i}", out _);
    }

    private AccessGate Open(AccessSettings settings) => AccessGate.Open(settings, null, NullLogger.Instance, new Fixed(_now));

    private static Refusal Decide(AccessGate gate, string token, AccessNeed need) =>
        gate.Decide(Credentials.FromHeader($"Bearer {token}"), need, s_there, "test").Refusal;

    private string Signed(AccessScope scope, int seconds, string audience = "us") =>
        SignedToken.Make(_key, "somebody", scope, _now.AddSeconds(seconds), audience);

    private string Key()
    {
        string file = Path.Combine(_folder.FullName, "keys.pem");
        File.WriteAllText(file, _key.ExportSubjectPublicKeyInfoPem());
        return file;
    }

    private string Write(string text)
    {
        string file = Path.Combine(_folder.FullName, "tokens");
        File.WriteAllText(file, text);
        return file;
    }

    /// <summary>The last character of a part may have bits that are no byte's.</summary>
    private static bool SameBytes(string one, string other)
    {
        string[] a = one.Split('.'), b = other.Split('.');
        if (a.Length != b.Length) return false;
        return a.Zip(b).All(pair => Base64Url.IsValid(pair.First) && Base64Url.IsValid(pair.Second)
            && Base64Url.DecodeFromChars(pair.First).AsSpan().SequenceEqual(Base64Url.DecodeFromChars(pair.Second)));
    }

    private static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private sealed class Fixed(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
