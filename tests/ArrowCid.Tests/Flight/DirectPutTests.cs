using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using ArrowCid.Columnar;
using ArrowCid.Flight.Grpc;
using ArrowCid.Ipc;
using ArrowCid.ProcessTests.Flight;
using Google.Protobuf;
using Grpc.Core;

namespace ArrowCid.Tests.Flight;

/// <summary>Puts of batches whose bodies end their messages go straight into the store, and others through the encoder:
/// the same answers, the same blocks, the same refusals.</summary>
public sealed class DirectPutTests
{
    private const string DoPut = FlightCall.Service + "DoPut";
    private const int Prefix = 8;
    private static readonly TimeSpan s_deadline = TimeSpan.FromMinutes(1);

    /// <summary>Rows of batches between other blocks, and of one with a segment of its own.</summary>
    [Theory]
    [InlineData(6_000)]
    [InlineData(150_000)]
    public async Task Put_has_the_same_answers_when_its_body_ends_the_message(int rows)
    {
        var random = new Random(rows);
        await using ServedStore direct = await ServedStore.Start(capacity: 128),
            usual = await ServedStore.Start(capacity: 128);
        using FlightChannel directly = new(direct.Flight), usually = new(usual.Flight);
        foreach ((string name, RecordBatch batch) in Batches(rows, random))
        {
            (byte[] schema, byte[] header, byte[] body) = MessagesOf(batch);
            Assert.True(body.Length > 1 << 16 && direct.Store.Putting.HasOwnSegment(body.Length) == rows > 100_000,
                name);
            // The second is known.
            for (int time = 0; time < 2; time++)
                await CompareAsync($"{name}, {time}", schema, [header, header], [body, body]);
        }

        foreach ((string name, byte[] schema, byte[] header, byte[] body) in Changed(rows, random))
            await CompareAsync(name, schema, [header], [body]);
        Assert.Equal(usual.Store.List().Select(block => block.Cid), direct.Store.List().Select(block => block.Cid));
        Assert.All(direct.Store.Diagnostics.VerifyAll(), found => Assert.True(found.IsIntact));

        async Task CompareAsync(string name, byte[] schema, byte[][] headers, byte[][] bodies)
        {
            string first = await PutAsync(direct, directly, schema, headers, bodies, isBodyLast: true);
            string second = await PutAsync(usual, usually, schema, headers, bodies, isBodyLast: false);
            Assert.True(first == second, $"{name}:\n{first}\n{second}");
        }
    }

    [Fact]
    public async Task Upload_that_breaks_off_or_is_refused_gives_its_reservation_back()
    {
        const int Rows = 4 << 20;
        await using ServedStore server = await ServedStore.Start(capacity: 256);
        using var channel = new FlightChannel(server.Flight);
        (byte[] schema, byte[] header, byte[] body) = MessagesOf(ServedStore.Sequence(0, Rows));
        // The lane has its segments from now on.
        Assert.NotNull(server.Store.Put(ServedStore.Sequence(0, 10)).Cid.ToString());
        long before = server.Store.Diagnostics.GetSummary().BytesTaken;
        byte[] message = FieldsOf(header, body, "", isBodyLast: true);
        var half = new TaskCompletionSource();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.FlightHttp, DoPut))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Broken([.. Framed(FieldsOf(schema, [], "", true)), .. Framed(message)[..(body.Length / 2)]],
                half.Task),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        request.Headers.TryAddWithoutValidation("authorization", $"Bearer {server.Token}");
        Task<HttpResponseMessage> sending = http.SendAsync(request);
        Assert.True(SpinWait.SpinUntil(() => server.Store.Diagnostics.GetSummary().BytesTaken >= before + body.Length,
            s_deadline),
            "the upload reserved nothing");
        // Other puts do not wait for it.
        _ = server.Store.Put(ServedStore.Sequence(1, 10));
        half.SetResult();
        using (HttpResponseMessage response = await sending)
        {
            _ = await response.Content.ReadAsByteArrayAsync();
            Assert.Equal("13", response.TrailingHeaders.GetValues("grpc-status").Single());
        }

        Assert.True(server.Store.Diagnostics.GetSummary().BytesTaken < before + body.Length, "the reservation stays");
        // More than a quarter of the store in all: each gives its part back.
        for (int i = 0; i < 6; i++)
        {
            (byte[] bad, byte[] badHeader, byte[] badBody) = MessagesOf(Texts(Rows / 4, _ => "abcdefgh"));
            badBody[^9] = 0xFF;
            string refused = await PutAsync(server, channel, bad, [badHeader], [badBody], isBodyLast: true);
            Assert.StartsWith("InvalidArgument", refused, StringComparison.Ordinal);
        }

        Assert.True(server.Store.Diagnostics.GetSummary().BytesTaken < before + body.Length);
        string put = await PutAsync(server, channel, schema, [header], [body], isBodyLast: true);
        Assert.Contains(CanonicalBlock.Encode(ServedStore.Sequence(0, Rows)).Cid.ToString(), put,
            StringComparison.Ordinal);
        Assert.All(server.Store.Diagnostics.VerifyAll(), found => Assert.True(found.IsIntact));
    }

    private static IEnumerable<(string Name, RecordBatch Batch)> Batches(int rows, Random random)
    {
        long[] numbers = [.. Enumerable.Range(0, rows).Select(_ => random.NextInt64())];
        double[] doubles = [.. numbers.Select(n => n % 5 == 0 ? BitConverter.UInt64BitsToDouble(0xFFF8000000000123) : n)];
        bool[] valid = [.. numbers.Select(n => n % 3 != 0)];
        yield return ("numbers",
            RecordBatch.Of(("n", ArrowArray.From<long>(numbers)), ("m", ArrowArray.From<long>(numbers)),
            ("o", ArrowArray.From<long>(numbers)), ("p", ArrowArray.From<long>(numbers))));
        yield return ("NaNs, and junk under nulls", RecordBatch.Of(("n", ArrowArray.From<long>(numbers)),
            ("x", ArrowArray.From<double>(doubles)), ("y", Nullable(ArrowArray.From<double>(doubles), valid)),
            ("z", Nullable(ArrowArray.From<long>(numbers), valid)),
                ("b", Nullable(ArrowArray.From<long>(numbers), valid))));
        yield return ("ASCII", Texts(rows, i => new string((char)('a' + i % 26), 20 + i % 30)));
        yield return ("other text", Texts(rows, i => string.Concat(Enumerable.Repeat("äö\u2603", 3 + i % 9))));
    }

    /// <summary>Messages that differ from those that writers send.</summary>
    private static IEnumerable<(string Name, byte[] Schema, byte[] Header, byte[] Body)> Changed(int rows,
        Random random)
    {
        (byte[] schema, byte[] header, byte[] body) = MessagesOf(Texts(rows, i => new string('q', 20 + i % 30)));
        yield return ("offsets that start later", schema, header, With(body, 0, 1));
        yield return ("offsets that run backward", schema, header, With(body, 401, 77));
        yield return ("text that is not UTF-8", schema, header, With(body, body.Length - 100, 0xFF));
        yield return ("half a character", schema, header, With(body, body.Length - 100, 0xC3));
        for (int i = 0; i < (rows > 100_000 ? 6 : 60); i++)
        {
            bool isBody = random.Next(2) == 0;
            byte[] changed = (byte[])(isBody ? body : header).Clone();
            changed[random.Next(changed.Length)] = (byte)random.Next(256);
            yield return ($"change {i}", schema, isBody ? header : changed, isBody ? changed : body);
        }
    }

    private static byte[] With(byte[] bytes, int at, byte value)
    {
        byte[] changed = (byte[])bytes.Clone();
        changed[at] = value;
        return changed;
    }

    private static RecordBatch Texts(int rows, Func<int, string> text)
    {
        int[] offsets = new int[rows + 1];
        var data = new MemoryStream();
        for (int i = 0; i < rows; i++)
        {
            data.Write(Encoding.UTF8.GetBytes(text(i)));
            offsets[i + 1] = (int)data.Length;
        }

        return RecordBatch.Of(("t", new ArrowArray(ArrowType.Utf8, rows,
            [default, System.Runtime.InteropServices.MemoryMarshal.AsBytes(offsets.AsSpan()).ToArray(),
                data.ToArray()])));
    }

    private static ArrowArray Nullable(ArrowArray values, bool[] valid)
    {
        byte[] bits = new byte[(valid.Length + 7) / 8];
        bits[^1] = 0x80;
        for (int i = 0; i < valid.Length; i++) bits[i >> 3] |= (byte)(valid[i] ? 1 << (i & 7) : 0);
        return new ArrowArray(values.Type, values.Length, [bits, values.Buffers[1]]);
    }

    /// <summary>A batch as a writer sends it: the buffers as they are, at multiples of 64.</summary>
    private static (byte[] Schema, byte[] Header, byte[] Body) MessagesOf(RecordBatch batch)
    {
        byte[] stream = Canonical.TestIpcWriter.Write(batch.Schema, [batch], Canonical.IpcKnobs.None, new Random(1));
        int schema = BinaryPrimitives.ReadInt32LittleEndian(stream.AsSpan(4)), next = Prefix + schema;
        int header = BinaryPrimitives.ReadInt32LittleEndian(stream.AsSpan(next + 4));
        return (stream[Prefix..next], stream[(next + Prefix)..(next + Prefix + header)],
            stream[(next + Prefix + header)..^Prefix]);
    }

    private static async Task<string> PutAsync(ServedStore server, FlightChannel channel, byte[] schema,
        byte[][] headers,
        byte[][] bodies, bool isBodyLast)
    {
        try
        {
            using RawCall call = await FlightCall.OpenAsync(channel, DoPut, server.Token, async (writer, cancel) =>
            {
                await writer.WriteAsync(FieldsOf(schema, [], "", isBodyLast), default, cancel);
                for (int i = 0; i < headers.Length; i++)
                    await writer.WriteAsync(FieldsOf(headers[i], bodies[i], $"mark {i}", isBodyLast), default, cancel);
            });
            return string.Join('\n', (await FlightCall.MessagesAsync(call)).Select(Encoding.UTF8.GetString));
        }
        catch (RpcException e)
        {
            return $"{e.StatusCode} {RawCall.CodeOf(e)} {e.Status.Detail}";
        }
    }

    private static byte[] FieldsOf(byte[] header, byte[] body, string mark, bool isBodyLast)
    {
        const int HeaderField = 2, MarkField = 3, BodyField = 1000;
        var bytes = new MemoryStream();
        using (var fields = new CodedOutputStream(bytes, leaveOpen: true))
        {
            Write(HeaderField, header);
            if (isBodyLast) Write(MarkField, Encoding.UTF8.GetBytes(mark));
            if (body.Length > 0) Write(BodyField, body);
            if (!isBodyLast) Write(MarkField, Encoding.UTF8.GetBytes(mark));

            void Write(int field, byte[] value)
            {
                fields.WriteTag(field, WireFormat.WireType.LengthDelimited);
                fields.WriteBytes(ByteString.CopyFrom(value));
            }
        }

        return bytes.ToArray();
    }

    private static byte[] Framed(byte[] message)
    {
        byte[] framed = [0, 0, 0, 0, 0, .. message];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        return framed;
    }

    /// <summary>Bytes that end when they are told to.</summary>
    private sealed class Broken(byte[] bytes, Task end) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(bytes);
            await stream.FlushAsync();
            await end;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
