using System.Buffers.Text;
using System.Net;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using ArrowCid.Server.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ArrowCid.Tests.Flight.Access;

/// <summary>Who may do what.</summary>
[SupportedOSPlatform("linux")]
public sealed class AccessGateTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("arrowcid-test-");
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly DateTimeOffset _now = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly CallerConnection s_here = new(IPAddress.Loopback, CallerConnection.Http), s_there = new(IPAddress.Parse("192.0.2.1"), CallerConnection.Http);

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
    internal async Task Without_a_token_only_this_machine_fetches(AccessNeed need, bool isHere, bool isAllowed)
    {
        using var callers = new Callers(new AccessSettings(), _now);
        AccessDecision decision = await callers.DecideAsync(null, need, isHere ? s_here : s_there);
        Assert.Equal(isAllowed, decision.IsAllowed);
        if (!isAllowed) Assert.Equal(Refusal.NoToken, decision.Refusal);
    }

    [Fact]
    public async Task Flight_takes_anonymous_puts_where_that_was_said_and_HTTP_never_does()
    {
        using var callers = new Callers(new AccessSettings { AllowAnonymousPut = true }, _now);
        Assert.True((await callers.DecideAsync(null, AccessNeed.Put, new CallerConnection(IPAddress.Loopback, CallerConnection.Flight))).IsAllowed);
        Assert.False((await callers.DecideAsync(null, AccessNeed.Put, s_here)).IsAllowed);
        Assert.False((await callers.DecideAsync(null, AccessNeed.Put, new CallerConnection(s_there.Address, CallerConnection.Flight))).IsAllowed);
    }

    [Fact]
    public async Task Server_that_is_only_read_refuses_changes_whatever_the_token()
    {
        string token = TokenFile.ReadOrMakeLocal(_folder.FullName);
        using var callers = new Callers(new AccessSettings { IsReadOnly = true, AllowAnonymousPut = true }, _now, token);
        foreach (AccessNeed need in Enum.GetValues<AccessNeed>())
        {
            AccessDecision decision = await callers.DecideAsync($"Bearer {token}", need, s_here);
            bool changes = need is AccessNeed.Put or AccessNeed.Admin;
            Assert.Equal(changes ? Refusal.Role : Refusal.None, decision.Refusal);
            if (changes) Assert.Contains("role", decision.Message(need), StringComparison.Ordinal);
        }

        AccessDecision put = await callers.DecideAsync(null, AccessNeed.Put, new CallerConnection(IPAddress.Loopback, CallerConnection.Flight));
        Assert.Equal(Refusal.Role, put.Refusal);
    }

    [Fact]
    public async Task The_local_token_counts_on_this_machine_alone()
    {
        string token = TokenFile.ReadOrMakeLocal(_folder.FullName);
        Assert.Equal(token, TokenFile.ReadOrMakeLocal(_folder.FullName));
        string file = Path.Combine(_folder.FullName, TokenFile.LocalName);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        using var callers = new Callers(new AccessSettings(), _now, token);
        Assert.True((await callers.DecideAsync($"Bearer {token}", AccessNeed.Admin, s_here)).IsAllowed);
        Assert.Equal(Refusal.WrongToken, (await callers.DecideAsync($"Bearer {token}", AccessNeed.Fetch, s_there)).Refusal);
        Assert.False(callers.HasTokens);

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
    public void Credentials_select_the_one_handler_that_can_prove_them()
    {
        const string Listed = "token.of.a0123456789", Form = "aaaa.bbbb.cccc";
        var settings = new AccessSettings { TokenFile = Write($"a read sha256:{Hash(Listed)}"), ClientScope = AccessScope.Read };
        using var opaque = CallerProofs.Open(settings, new Fixed(_now));
        using var signed = CallerProofs.Open(new AccessSettings { TokenFile = settings.TokenFile, SigningKeys = Key(), ClientScope = AccessScope.None }, new Fixed(_now));
        Assert.Null(CallerAuthentication.SchemeOf(new Credentials(null, null), signed));
        Assert.Null(CallerAuthentication.SchemeOf(new Credentials(null, "client"), signed));
        Assert.Equal(CertificateHandler.SchemeName, CallerAuthentication.SchemeOf(new Credentials(null, "client"), opaque));
        Assert.Equal(TokenFileHandler.SchemeName, CallerAuthentication.SchemeOf(new Credentials("opaque", "client"), opaque));
        Assert.Equal(TokenFileHandler.SchemeName, CallerAuthentication.SchemeOf(new Credentials(Form, null), opaque));
        Assert.Equal(SignedTokenHandler.SchemeName, CallerAuthentication.SchemeOf(new Credentials(Form, null), signed));
        // A listed token is one whatever its form, and also where signed tokens are accepted.
        Assert.Equal(TokenFileHandler.SchemeName, CallerAuthentication.SchemeOf(new Credentials(Listed, null), signed));
    }

    [Fact]
    public async Task Tokens_of_a_file_have_their_scopes_and_ends()
    {
        string file = Write($"a read sha256:{Hash("token-of-a-0123456789")}\nb put sha256:{Hash("token-of-b-0123456789")} 2027-01-02\n"
            + $"c admin sha256:{Hash("token-of-c-0123456789")} 2026-12-31 # ended");
        Assert.Throws<ArrowCidException>(() => TokenFile.Read(file));
        file = Write($"a read sha256:{Hash("token-of-a-0123456789")}\n\n# none\nb put sha256:{Hash("token-of-b-0123456789")} 2027-01-02\n"
            + $"c admin sha256:{Hash("token-of-c-0123456789")} 2026-12-31");
        using var gate = new Callers(new AccessSettings { TokenFile = file }, _now);
        Assert.True(gate.HasTokens);
        Assert.Equal(Refusal.None, await Decide(gate, "token-of-a-0123456789", AccessNeed.List));
        Assert.Equal(Refusal.SmallScope, await Decide(gate, "token-of-a-0123456789", AccessNeed.Put));
        Assert.Equal(Refusal.None, await Decide(gate, "token-of-b-0123456789", AccessNeed.Put));
        Assert.Equal(Refusal.SmallScope, await Decide(gate, "token-of-b-0123456789", AccessNeed.Admin));
        Assert.Equal(Refusal.WrongToken, await Decide(gate, "token-of-c-0123456789", AccessNeed.Fetch));
        Assert.Equal(Refusal.WrongToken, await Decide(gate, "", AccessNeed.Fetch));
        string basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("me:token-of-a-0123456789"));
        Assert.True((await gate.DecideAsync(basic, AccessNeed.List, s_there)).IsAllowed);
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
    public async Task Signed_tokens_are_of_ES256_and_end()
    {
        using var gate = new Callers(new AccessSettings { SigningKeys = Key(), Audience = "us" }, _now);
        Assert.Equal(Refusal.None, await Decide(gate, Signed(AccessScope.Put, 60), AccessNeed.Put));
        Assert.Equal(Refusal.SmallScope, await Decide(gate, Signed(AccessScope.Read, 60), AccessNeed.Put));
        Assert.Equal(Refusal.WrongToken, await Decide(gate, Signed(AccessScope.Put, -60), AccessNeed.Put));
        Assert.Equal(Refusal.WrongToken, await Decide(gate, Signed(AccessScope.Put, 60, "others"), AccessNeed.Put));
        string token = Signed(AccessScope.Put, 60);
        for (int i = 0; i < token.Length; i++)
        {
            char other = token[i] == 'A' ? 'B' : 'A';
            string changed = token[..i] + other + token[(i + 1)..];
            if (SameBytes(token, changed)) continue;
            Assert.Equal(Refusal.WrongToken, await Decide(gate, changed, AccessNeed.Fetch));
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
    public async Task A_token_that_is_signed_and_says_something_else_is_refused(string header, string claims)
    {
        using var gate = new Callers(new AccessSettings { SigningKeys = Key() }, _now);
        string text = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + "." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(claims));
        string signature = Base64Url.EncodeToString(_key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256));
        Assert.Equal(Refusal.WrongToken, await Decide(gate, $"{text}.{signature}", AccessNeed.Fetch));
        Assert.Equal(Refusal.WrongToken, await Decide(gate, $"{text}.", AccessNeed.Fetch));
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

    [Fact]
    public async Task Signed_tokens_of_many_callers_are_proved_at_the_same_time()
    {
        using var callers = new Callers(new AccessSettings { SigningKeys = Key() }, _now);
        string[] tokens = [.. Enumerable.Range(0, 8).Select(i => Signed(i % 2 == 0 ? AccessScope.Put : AccessScope.Read, 60 + i))];
        await Parallel.ForAsync(0, 2000, async (i, _) =>
        {
            string token = tokens[i % tokens.Length];
            Refusal expected = i % 2 == 0 ? Refusal.None : Refusal.SmallScope;
            Assert.Equal(expected, await Decide(callers, token, AccessNeed.Put));
            Assert.Equal(Refusal.WrongToken, await Decide(callers, $"{token[..^8]}AAAAAAAA", AccessNeed.Put));
        });
    }

    [Fact]
    public async Task Signed_token_of_the_same_key_is_proved_after_another_server_has_ended()
    {
        string key = Key();
        for (int i = 0; i < 3; i++)
        {
            using var callers = new Callers(new AccessSettings { SigningKeys = key }, _now);
            Assert.Equal(Refusal.None, await Decide(callers, Signed(AccessScope.Put, 60), AccessNeed.Put));
        }
    }

    [Theory]
    [InlineData("us/")]
    [InlineData("Us")]
    [InlineData("us ")]
    [InlineData("")]
    public async Task Signed_token_for_a_similar_audience_is_refused(string audience)
    {
        using var callers = new Callers(new AccessSettings { SigningKeys = Key(), Audience = "us" }, _now);
        Assert.Equal(Refusal.WrongToken, await Decide(callers, Signed(AccessScope.Put, 60, audience), AccessNeed.Fetch));
    }

    [Fact]
    public async Task Signed_token_of_another_key_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var callers = new Callers(new AccessSettings { SigningKeys = Key() }, _now);
        Assert.Equal(Refusal.WrongToken, await Decide(callers, Sign(other, AccessScope.Admin, 60, "us"), AccessNeed.Fetch));
    }

    private static async Task<Refusal> Decide(Callers callers, string token, AccessNeed need) =>
        (await callers.DecideAsync($"Bearer {token}", need, s_there)).Refusal;

    private string Signed(AccessScope scope, int seconds, string audience = "us") => Sign(_key, scope, seconds, audience);

    private string Sign(ECDsa key, AccessScope scope, int seconds, string audience) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Claims = new Dictionary<string, object>
            {
                ["sub"] = "somebody",
                ["scope"] = scope.ToString().ToLowerInvariant(),
                ["exp"] = _now.AddSeconds(seconds).ToUnixTimeSeconds(),
                ["aud"] = audience,
            },
            SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(key), SecurityAlgorithms.EcdsaSha256),
        });

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

    /// <summary>Callers as a server authenticates them: by its handlers, one request each.</summary>
    private sealed class Callers : IDisposable
    {
        private readonly CallerProofs _proofs;
        private readonly AccessGate _gate;
        private readonly ServiceProvider _services;

        public Callers(AccessSettings settings, DateTimeOffset now, string? localToken = null)
        {
            _proofs = CallerProofs.Open(settings, new Fixed(now));
            _proofs.AcceptLocal(localToken);
            _gate = new AccessGate(settings, NullLogger.Instance);
            var services = new ServiceCollection();
            services.AddLogging();
            services.AddSingleton(_proofs);
            _services = services.BuildServiceProvider();
        }

        public bool HasTokens => _proofs.HasTokens;

        public async Task<AccessDecision> DecideAsync(string? authorization, AccessNeed need, CallerConnection peer)
        {
            var request = new DefaultHttpContext { RequestServices = _services };
            request.Connection.RemoteIpAddress = peer.Address;
            if (authorization is not null) request.Request.Headers.Authorization = authorization;
            await CallerAuthentication.AuthenticateCallerAsync(request);
            Caller caller = CallerAuthentication.CallerOf(request);
            Assert.Equal(caller.Name, request.User.Identity?.Name);
            return _gate.Decide(caller, need, peer, "test");
        }

        public void Dispose()
        {
            _services.Dispose();
            _gate.Dispose();
            _proofs.Dispose();
        }
    }

    private sealed class Fixed(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
