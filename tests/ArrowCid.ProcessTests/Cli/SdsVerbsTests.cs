using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using ArrowCid.Channels.Sds;

namespace ArrowCid.ProcessTests.Cli;

/// <summary><c>channel sds</c>.</summary>
public sealed class SdsVerbsTests
{
    [Theory]
    [InlineData("nim")]
    [InlineData("rfc")]
    public void Message_that_was_wrapped_is_unwrapped_after_what_it_follows(string dialect)
    {
        using var folder = new TemporaryFolder();
        (string alice, string bob) = (folder.PathOf("alice"), folder.PathOf("bob"));
        foreach (string id in new[] { "m1", "m2" })
        {
            Assert.Equal(0, Command.Shell($"printf 'content of {id};' | \"$@\" channel sds wrap --as alice --sds-channel lobby --id {id} " +
                $"--state {alice} --dialect {dialect} > {folder.PathOf(id)}").ExitCode);
        }

        CommandResult waits = Command.Shell($"\"$@\" channel sds unwrap --as bob --state {bob} --dialect {dialect} --json < {folder.PathOf("m2")}");
        JsonElement waiting = Assert.Single(waits.Exits(3).Json);
        Assert.Equal(("waiting", "m1"), (waiting.GetProperty("receipt").GetString(), waiting.GetProperty("missing")[0].GetString()));
        Assert.Equal("content of m1;content of m2;",
            Command.Shell($"\"$@\" channel sds unwrap --as bob --state {bob} --dialect {dialect} < {folder.PathOf("m1")}").Exits(0).Text);
        string wrong = dialect == "nim" ? "rfc" : "nim";
        Assert.NotEqual(0, Command.Shell($"\"$@\" channel sds unwrap --as bob --dialect {wrong} < {folder.PathOf("m1")}").ExitCode);
    }

    [Fact]
    public void Bridge_carries_messages_between_a_channel_and_a_pipe()
    {
        using var folder = new TemporaryFolder();
        string store = folder.PathOf("store"), frames = folder.PathOf("in"), sent = folder.PathOf("out");
        using (CidStore.Open(store, new CidStoreOptions { Capacity = 64 << 20 }))
        {
        }

        Command.Run("channel", "create", "lobby", "--open", "--store", store).Exits(0);
        Command.Run("channel", "publish", "lobby", "--text", "from the store", "--store", store).Exits(0);
        byte[] message = new SdsParticipant("alice", new SdsOptions { Dialect = SdsDialect.Nim })
            .Wrap("from alice"u8, "m1", "lobby");
        var head = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(head, message.Length);
        File.WriteAllBytes(frames, [.. head, .. message]);
        string serve = $"\"$@\" channel sds serve lobby --dialect nim --state {folder.PathOf("state")} --from-oldest --store {store}";
        Assert.Equal(0, Command.Shell($"{serve} < {frames} > {sent}").ExitCode);
        JsonElement[] log = Command.Run("channel", "log", "lobby", "--json", "--store", store).Exits(0).Json;
        Assert.Equal(["from the store", "from alice"],
            log.Select(line => Encoding.UTF8.GetString(line.GetProperty("bytes").GetBytesFromBase64())));
        byte[] written = File.ReadAllBytes(sent);
        int length = BinaryPrimitives.ReadInt32LittleEndian(written);
        var bob = new List<SdsMessage>();
        var reader = new SdsParticipant("bob", new SdsOptions
        {
            Dialect = SdsDialect.Nim,
            OnEvent = found => bob.AddRange(found.Message is { } one ? [one] : []),
        });
        _ = reader.Unwrap(written.AsSpan(sizeof(int), length));
        Assert.Equal("from the store", Encoding.UTF8.GetString(Assert.Single(bob).Content.Span));
    }
}
