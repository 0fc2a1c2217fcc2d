using System.Buffers.Binary;
using System.Text;

namespace ArrowCid.Tests.Flight;

/// <summary>As much of an HTTP/2 client as shows what is on the wire.</summary>
internal sealed class RawHttp2(Stream stream)
{
    private const byte Data = 0, Headers = 1, Reset = 3, Settings = 4, EndStream = 1, EndHeaders = 4, Ack = 1;

    /// <summary>Begins the connection.</summary>
    /// <param name="window">The bytes that the server may send of each stream.</param>
    public async Task StartAsync(int window)
    {
        await stream.WriteAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        byte[] setting = new byte[6];
        setting[1] = 4;
        BinaryPrimitives.WriteInt32BigEndian(setting.AsSpan(2), window);
        await SendAsync(Settings, 0, 0, setting);
    }

    /// <summary>Makes the call of stream 1.</summary>
    public async Task CallAsync(string path, KeyValuePair<string, string>[] more, byte[] body)
    {
        var block = new MemoryStream();
        KeyValuePair<string, string>[] all =
        [
            new(":method", "POST"), new(":scheme", "http"), new(":path", path), new(":authority", "localhost"),
            new("content-type", "application/grpc"), new("te", "trailers"), .. more,
        ];
        foreach ((string name, string value) in all)
        {
            // A literal that is not indexed, with a new name.
            block.WriteByte(0);
            Write(name);
            Write(value);
        }

        await SendAsync(Headers, EndHeaders, 1, block.ToArray());
        await SendAsync(Data, EndStream, 1, body);

        void Write(string text)
        {
            byte[] bytes = Encoding.ASCII.GetBytes(text);
            Assert.InRange(bytes.Length, 0, 126);
            block.WriteByte((byte)bytes.Length);
            block.Write(bytes);
        }
    }

    /// <summary>Waits for the stream's reset.</summary>
    /// <returns>Its error code.</returns>
    public async Task<int> ResetAsync(CancellationToken cancel) =>
        BinaryPrimitives.ReadInt32BigEndian(await FrameAsync(Reset, cancel));

    /// <summary>Waits for the first bytes of the answer.</summary>
    public Task DataAsync(CancellationToken cancel) => FrameAsync(Data, cancel);

    private async Task<byte[]> FrameAsync(byte type, CancellationToken cancel)
    {
        byte[] head = new byte[9];
        while (true)
        {
            await stream.ReadExactlyAsync(head, cancel);
            byte[] payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
            await stream.ReadExactlyAsync(payload, cancel);
            if (head[3] == type) return payload;
            if (head[3] == Settings && (head[4] & Ack) == 0) await SendAsync(Settings, Ack, 0, []);
        }
    }

    private async Task SendAsync(byte type, byte flags, int id, byte[] payload)
    {
        byte[] frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), id);
        payload.CopyTo(frame, 9);
        await stream.WriteAsync(frame);
    }
}
