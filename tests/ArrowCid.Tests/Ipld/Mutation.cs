namespace ArrowCid.Tests.Ipld;

/// <summary>Blocks with one to four bytes, runs or lengths changed.</summary>
internal static class Mutation
{
    // Heads that begin, tag or end something, and the greatest and least of each width.
    private static readonly byte[] s_telling = [0x00, 0x01, 0x0a, 0x12, 0x18, 0x1b, 0x40, 0x58, 0x5f, 0x60, 0x7f, 0x80, 0x81, 0x9a,
        0x9f, 0xa0, 0xa1, 0xbb, 0xc2, 0xd8, 0xf6, 0xf7, 0xf9, 0xfa, 0xfb, 0xff];

    public static byte[] Of(byte[] block, Random random)
    {
        var bytes = new List<byte>(block);
        for (int left = 1 + random.Next(3); left > 0; left--)
        {
            int at = random.Next(bytes.Count + 1);
            int length = Math.Min(random.Next(1, 9), bytes.Count - at);
            switch (random.Next(8))
            {
                case 0: bytes.Insert(at, s_telling[random.Next(s_telling.Length)]); break;
                case 1: bytes.RemoveRange(at, length); break;
                case 2: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                case 3 when at < bytes.Count: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 4 when at < bytes.Count: bytes[at] = s_telling[random.Next(s_telling.Length)]; break;
                case 5 when at < bytes.Count: bytes[at] = (byte)random.Next(256); break;
                case 6 when at < bytes.Count: bytes[at] += (byte)(random.Next(2) * 2 - 1); break;
                default: bytes.Reverse(at, Math.Min(2, bytes.Count - at)); break;
            }
        }

        return [.. bytes];
    }
}
