static const int table[] = {
	1,
	2,
	3,
};

int lookup(int i)
{
	return table[i];
}
